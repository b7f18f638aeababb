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
        "native/monitor.cc",
        "native/monitor_passes.cc",
        "native/name.cc",
        "native/pass.cc",
        "native/query.cc",
        "native/watch.cc",
        "native/node/addon.cc",
        "native/node/async.cc",
        "native/node/ending.cc",
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
            "native/known_processes.cc",
            "native/name_memory.cc",
            "native/linux/bpf_program.cc",
            "native/linux/bpf_source.cc",
            "native/linux/children.cc",
            "native/linux/clock.cc",
            "native/linux/control_group.cc",
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
            "native/linux/process_tree.cc",
            "native/linux/procfs_source.cc",
            "native/linux/terminal.cc",
            "native/linux/thread.cc",
            "native/linux/tree_parse.cc",
            "native/posix/accounts.cc"
          ],
          "ldflags": ["-Wl,--gc-sections", "-Wl,-z,relro,-z,now"]
        }],
        ["OS=='mac'", {
          "sources": [
            "native/darwin/children.cc",
            "native/darwin/clock.cc",
            "native/darwin/floor.cc",
            "native/darwin/layouts.cc",
            "native/darwin/libproc_source.cc",
            "native/darwin/news.cc",
            "native/darwin/parse.cc",
            "native/darwin/pids.cc",
            "native/darwin/process_handle.cc",
            "native/darwin/process_info.cc",
            "native/darwin/terminal.cc",
            "native/darwin/thread.cc",
            "native/plain_engine.cc",
            "native/plain_process_tree.cc",
            "native/posix/accounts.cc"
          ],
          "xcode_settings": {
            "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
            "GCC_ENABLE_CPP_EXCEPTIONS": "NO",
            "GCC_ENABLE_CPP_RTTI": "NO",
            "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
            "MACOSX_DEPLOYMENT_TARGET": "11.0",
            "DEAD_CODE_STRIPPING": "YES"
          }
        }],
        ["OS=='win'", {
          "sources": [
            "native/windows/accounts.cc",
            "native/windows/children.cc",
            "native/windows/clock.cc",
            "native/windows/command_line.cc",
            "native/windows/delay_load.cc",
            "native/windows/errors.cc",
            "native/windows/floor.cc",
            "native/windows/handle.cc",
            "native/windows/memory_reader.cc",
            "native/windows/mutex.cc",
            "native/windows/news.cc",
            "native/windows/parents.cc",
            "native/windows/process_handle.cc",
            "native/windows/process_list.cc",
            "native/windows/process_parameters.cc",
            "native/windows/process_reader.cc",
            "native/windows/record_fields.cc",
            "native/windows/snapshot.cc",
            "native/windows/source.cc",
            "native/windows/text.cc",
            "native/windows/thread.cc",
            "native/plain_engine.cc",
            "native/plain_process_tree.cc"
          ],
          "defines": ["WIN32_LEAN_AND_MEAN", "NOMINMAX", "UNICODE", "_UNICODE", "_WIN32_WINNT=0x0A00"],
          "libraries": ["-lntdll", "-ladvapi32"],
          "msvs_settings": {
            "VCCLCompilerTool": {"ExceptionHandling": 0, "RuntimeTypeInfo": "false"}
          }
        }]
      ]
    }
  ]
}
