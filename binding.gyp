{
  "targets": [
    {
      "target_name": "procseek",
      "include_dirs": ["native"],
      "defines": [
        "NAPI_VERSION=8",
        "PROCSEEK_SOURCE_HASH=\"<!(node native/source_hash.js)\""
      ],
      "sources": [
        "native/batch.cc",
        "native/births.cc",
        "native/delta.cc",
        "native/engine.cc",
        "native/exit_waits.cc",
        "native/known_processes.cc",
        "native/monitor.cc",
        "native/monitor_passes.cc",
        "native/name.cc",
        "native/name_memory.cc",
        "native/pass.cc",
        "native/query.cc",
        "native/watch.cc",
        "native/node/addon.cc",
        "native/node/async.cc",
        "native/node/engines.cc",
        "native/node/handles.cc",
        "native/node/lookups.cc",
        "native/node/monitoring.cc",
        "native/node/values.cc"
      ],
      "cflags_cc": [
        "-std=c++17", "-fno-exceptions", "-fno-rtti", "-fvisibility=hidden",
        "-ffunction-sections", "-fdata-sections", "-Wall", "-Wextra", "-Werror"
      ],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
      "conditions": [
        ["OS=='linux'", {
          "sources": [
            "native/linux/accounts.cc",
            "native/linux/bpf_program.cc",
            "native/linux/bpf_source.cc",
            "native/linux/children.cc",
            "native/linux/clock.cc",
            "native/linux/engines.cc",
            "native/linux/events_source.cc",
            "native/linux/files.cc",
            "native/linux/floor.cc",
            "native/linux/kernel_tasks.cc",
            "native/linux/lz4.cc",
            "native/linux/news.cc",
            "native/linux/obstacles.cc",
            "native/linux/parse.cc",
            "native/linux/proc_events.cc",
            "native/linux/proc_root.cc",
            "native/linux/process_files.cc",
            "native/linux/process_handle.cc",
            "native/linux/procfs_source.cc",
            "native/linux/terminal.cc",
            "native/linux/thread.cc"
          ],
          "ldflags": ["-Wl,--gc-sections", "-Wl,-z,relro,-z,now"]
        }]
      ]
    }
  ]
}
