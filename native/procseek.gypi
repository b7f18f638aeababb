{
  "variables": {"source_hash_file": "source_hash.js"},
  "targets": [
    {
      "target_name": "procseek",
      "include_dirs": ["."],
      "defines": [
        "NAPI_VERSION=8",
        "PROCSEEK_SOURCE_HASH=\"<!(node <(source_hash_file))\""
      ],
      "sources": [
        "batch.cc",
        "births.cc",
        "delta.cc",
        "engine.cc",
        "exit_memory.cc",
        "exit_waits.cc",
        "guarded_calls.cc",
        "monitor.cc",
        "monitor_ends.cc",
        "monitor_events.cc",
        "monitor_passes.cc",
        "name.cc",
        "pass.cc",
        "query.cc",
        "source_context.cc",
        "watch.cc",
        "node/addon.cc",
        "node/ending.cc",
        "node/engines.cc",
        "node/environment.cc",
        "node/handles.cc",
        "node/lookups.cc",
        "node/monitoring.cc",
        "node/values.cc",
        "node/workers.cc"
      ],
      "cflags_cc": [
        "-std=c++17", "-fno-exceptions", "-fno-rtti", "-fvisibility=hidden",
        "-ffunction-sections", "-fdata-sections", "-Wall", "-Wextra", "-Werror"
      ],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
      "conditions": [
        ["OS=='linux'", {
          "sources": [
            "known_processes.cc",
            "name_memory.cc",
            "linux/boot_time.cc",
            "linux/bpf_program.cc",
            "linux/bpf_source.cc",
            "linux/children.cc",
            "linux/clock.cc",
            "linux/condition.cc",
            "linux/control_group.cc",
            "linux/engines.cc",
            "linux/events_source.cc",
            "linux/files.cc",
            "linux/floor.cc",
            "linux/guarded_read.cc",
            "linux/kernel_tasks.cc",
            "linux/lz4.cc",
            "linux/news.cc",
            "linux/obstacles.cc",
            "linux/own_pid.cc",
            "linux/parse.cc",
            "linux/proc_events.cc",
            "linux/proc_root.cc",
            "linux/process_files.cc",
            "linux/process_handle.cc",
            "linux/process_tree.cc",
            "linux/procfs_source.cc",
            "linux/source_context.cc",
            "linux/terminal.cc",
            "linux/thread.cc",
            "linux/time_namespace.cc",
            "linux/tree_parse.cc",
            "linux/visibility.cc",
            "posix/accounts.cc",
            "posix/thread.cc"
          ],
          "ldflags": ["-Wl,--gc-sections", "-Wl,-z,relro,-z,now,-z,nodelete"]
        }],
        ["OS=='mac'", {
          "sources": [
            "darwin/children.cc",
            "darwin/clock.cc",
            "darwin/condition.cc",
            "darwin/floor.cc",
            "darwin/layouts.cc",
            "darwin/libproc_source.cc",
            "darwin/news.cc",
            "darwin/parse.cc",
            "darwin/pids.cc",
            "darwin/process_handle.cc",
            "darwin/process_info.cc",
            "darwin/terminal.cc",
            "darwin/thread.cc",
            "plain_engine.cc",
            "plain_process_tree.cc",
            "posix/accounts.cc",
            "posix/thread.cc"
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
            "windows/accounts.cc",
            "windows/children.cc",
            "windows/clock.cc",
            "windows/command_line.cc",
            "windows/condition.cc",
            "windows/delay_load.cc",
            "windows/errors.cc",
            "windows/floor.cc",
            "windows/handle.cc",
            "windows/memory_reader.cc",
            "windows/mutex.cc",
            "windows/news.cc",
            "windows/parents.cc",
            "windows/process_handle.cc",
            "windows/process_list.cc",
            "windows/process_parameters.cc",
            "windows/process_reader.cc",
            "windows/record_fields.cc",
            "windows/snapshot.cc",
            "windows/source.cc",
            "windows/text.cc",
            "windows/thread.cc",
            "plain_engine.cc",
            "plain_process_tree.cc"
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
