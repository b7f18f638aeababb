// `cgroup`, as cgroups(7) and container runtimes lay it out.
#include <doctest/doctest.h>

#include <string>

#include "exact_bytes.h"
#include "linux/parse.h"

using namespace procseek;

namespace {

const std::string kId = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

std::string cgroup_of(std::string_view text) {
  ExactBytes bytes(text);
  std::string_view path = parse_cgroup(bytes.view());
  CHECK(bytes.encloses(path));
  return std::string(path);
}

std::string container_of(std::string_view text) {
  ExactBytes bytes(text);
  std::string_view id = parse_container_id(bytes.view());
  CHECK(bytes.encloses(id));
  return std::string(id);
}

}  // namespace

TEST_CASE("the cgroup is the path in the unified hierarchy") {
  CHECK(cgroup_of("0::/user.slice/user-1000.slice/session-2.scope\n") ==
        "/user.slice/user-1000.slice/session-2.scope");
  CHECK(cgroup_of("0::/\n") == "/");
  CHECK(cgroup_of("0::/no-newline") == "/no-newline");
}

TEST_CASE("the unified hierarchy goes before the others of a hybrid host") {
  CHECK(cgroup_of("12:cpu,cpuacct:/cpu\n1:name=systemd:/init.scope\n0::/unified\n") == "/unified");
}

TEST_CASE("without a unified hierarchy the cgroup is the one of systemd") {
  CHECK(cgroup_of("12:pids:/pids\n11:cpu,cpuacct:/cpu\n1:name=systemd:/system.slice/a.service\n") ==
        "/system.slice/a.service");
  CHECK(cgroup_of("1:name=systemd:/first\n12:pids:/pids\n") == "/first");
}

TEST_CASE("without either the cgroup is the first one") {
  CHECK(cgroup_of("4:memory:/one\n3:cpu:/two\n1:name=openrc:/three\n") == "/one");
}

TEST_CASE("a cgroup may have colons and spaces in its path") {
  CHECK(cgroup_of("0::/a:b c/0::/d\n") == "/a:b c/0::/d");
  CHECK(cgroup_of("3:cpu:/x:name=systemd:/y\n2:memory:/z\n") == "/x:name=systemd:/y");
}

TEST_CASE("the hierarchy numbered 10 is not the unified one") {
  CHECK(cgroup_of("10::/ten\n2:cpu:/cpu\n") == "/ten");
  CHECK(cgroup_of("10:cpu:/ten\n0::/unified\n") == "/unified");
}

TEST_CASE("there may be no cgroup at all") {
  CHECK(cgroup_of("") == "");
  CHECK(cgroup_of("\n\n") == "");
  CHECK(cgroup_of("garbage\n1:\n::\n") == "");
}

TEST_CASE("container runtimes name a cgroup by the container") {
  const std::string lines[] = {
      "0::/docker/" + kId,
      "0::/system.slice/docker-" + kId + ".scope",
      "5:memory:/docker/" + kId + "\n1:name=systemd:/docker/" + kId,
      "0::/machine.slice/libpod-" + kId + ".scope/container",
      "0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + kId + ".scope",
      "0::/libpod_parent/libpod-" + kId,
      "0::/kubepods/burstable/pod12345678-1234-1234-1234-123456789abc/" + kId,
      "0::/kubepods.slice/kubepods-besteffort.slice/"
      "kubepods-besteffort-pod12345678_1234_1234_1234_123456789abc.slice/cri-containerd-" +
          kId + ".scope",
      "0::/kubepods.slice/kubepods-pod0123.slice/crio-" + kId + ".scope",
      "0::/system.slice/containerd.service/kubepods-burstable-pod01.slice:cri-containerd:" + kId,
      "0::/ecs/task-0123456789abcdef0123456789abcdef/" + kId,
  };
  for (const std::string& line : lines) {
    CAPTURE(line);
    CHECK(container_of(line + "\n") == kId);
    CHECK(container_of(line) == kId);
  }
}

TEST_CASE("63 or 65 hexadecimal digits are no container") {
  CHECK(container_of("0::/docker/" + kId.substr(1)) == "");
  CHECK(container_of("0::/docker/" + kId + "0") == "");
  CHECK(container_of("0::/docker/a" + kId) == "");
  CHECK(container_of("0::/docker/" + kId + kId) == "");
  CHECK(container_of("0::/docker/" + kId.substr(0, 32) + "-" + kId.substr(32)) == "");
  CHECK(container_of("0::/docker/" + kId.substr(0, 63) + "g") == "");
  CHECK(container_of("0::/docker/" + std::string(64, 'A')) == "");
}

TEST_CASE("a run of another length does not hide the container behind it") {
  CHECK(container_of("0::/" + kId.substr(1) + "/" + kId) == kId);
  CHECK(container_of("0::/" + kId + "a/" + kId) == kId);
}

TEST_CASE("outside of containers there is no container") {
  CHECK(container_of("") == "");
  CHECK(container_of("0::/\n") == "");
  CHECK(container_of("0::/user.slice/user-1000.slice/session-2.scope\n") == "");
  CHECK(container_of(std::string(1000, '\0')) == "");
}

TEST_CASE("a container's monitor is not in the container") {
  CHECK(container_of("0::/machine.slice/libpod-conmon-" + kId + ".scope\n") == "");
  CHECK(container_of("0::/system.slice/crio-conmon-" + kId + ".scope\n") == "");
  CHECK(container_of("0::/libpod_parent/conmon-" + kId + "\n") == "");
  CHECK(container_of("0::/libpod_parent/libpod-conmon-" + kId + "\n") == "");
}

TEST_CASE("other forms in which runtimes name a cgroup by the container") {
  const std::string lines[] = {
      "0::/user.slice/a.service/libpod-payload-" + kId,
      "0::/kubepods/besteffort/pod12345678-1234-1234-1234-123456789abc/crio-" + kId,
      "0::/system.slice/nerdctl-" + kId + ".scope",
      "0::/default/" + kId,
      "0::/" + kId + ".scope",
      "0::/../../kubepods/burstable/pod12345678-1234-1234-1234-123456789abc/" + kId,
      "0::/docker/" + kId + " (deleted)",
      "0::/system.slice/docker-" + kId + ".scope/init.scope",
      "0::/\n4:memory:/docker/" + kId,
      "0::/ecstasks.slice/ecstasks-0123456789abcdef0123456789abcdef.slice/docker-" + kId + ".scope",
  };
  for (const std::string& line : lines) {
    CAPTURE(line);
    CHECK(container_of(line + "\n") == kId);
    CHECK(container_of(line) == kId);
  }
}

TEST_CASE("what systemd calls by so many digits is no container unless it is a scope") {
  for (const char* ending :
       {".service", "-4f1d0c.service", ".timer", ".mount", "-merged.mount", ".slice", ".socket",
        "-startup.timer", ".swap", "-x.scope", ".scope.d", "_x"}) {
    CAPTURE(ending);
    CHECK(container_of("0::/system.slice/" + kId + ending + "\n") == "");
    CHECK(container_of("0::/system.slice/var-lib-docker-" + kId + ending + "\n") == "");
  }
  CHECK(container_of("0::/system.slice/podman-" + kId + "\n") == "");
  CHECK(container_of("0::/system.slice/run-a" + kId + ".scope\n") == "");
  // Within a container, they are.
  CHECK(container_of("0::/docker/" + kId + "/system.slice/" + std::string(64, '0') + ".service") ==
        kId);
}

TEST_CASE("of nested containers the innermost counts") {
  const std::string inner(64, '7');
  const std::string lines[] = {
      "0::/docker/" + kId + "/docker/" + inner,
      "0::/docker/" + kId + "/kubelet/kubepods/burstable/pod1/" + inner,
      "0::/docker/" + kId + "/kubelet.slice/kubelet-kubepods.slice/cri-containerd-" + inner +
          ".scope",
      "0::/system.slice/docker-" + kId + ".scope/system.slice/docker-" + inner +
          ".scope/init.scope",
      "1:name=systemd:/docker/" + kId + "/docker/" + inner,
  };
  for (const std::string& line : lines) {
    CAPTURE(line);
    CHECK(container_of(line + "\n") == inner);
  }
  // The monitor of one runs in the other.
  CHECK(container_of("0::/docker/" + kId + "/machine.slice/libpod-conmon-" + inner + ".scope\n") ==
        kId);
}

TEST_CASE("Amazon ECS on Fargate names a container by its task and a number") {
  const std::string task = "0123456789abcdef0123456789abcdef";
  CHECK(container_of("0::/ecs/" + task + "/" + task + "-1234567890\n") == task + "-1234567890");
  CHECK(container_of("9:perf_event:/ecs/cluster/" + task + "/" + task + "-123\n") == task + "-123");
  CHECK(container_of("0::/ecs/" + task + "\n") == "");
  CHECK(container_of("0::/ecs/" + task + "/" + task + "-12a\n") == "");
  CHECK(container_of("0::/ecs/" + task + "/" + task + "-\n") == "");
  CHECK(container_of("0::/ecs/" + task + "/" + task.substr(1) + "-1\n") == "");
  CHECK(container_of("0::/system.slice/" + task + "-1234567890\n") == "");
}

TEST_CASE("Garden names a container by groups of digits") {
  const std::string id = "70eb4ab8-7b5c-4d5c-5f3c-b1d5";
  CHECK(container_of("0::/garden/" + id + "\n") == id);
  CHECK(container_of("0::/system.slice/garden.service/garden/good/" + id + "\n") == id);
  CHECK(container_of("0::/garden/12345678-1234-1234-1234-123456789abc\n") ==
        "12345678-1234-1234-1234-123456789abc");
  for (const char* other :
       {"70eb4ab8-7b5c-4d5c-5f3c", "70eb4ab8-7b5c-4d5c-5f3c-b1d", "70eb4ab8-7b5c4-d5c-5f3c-b1d5",
        "70eb4ab8-7b5c-4d5c-5f3c-b1d5-1", "70eb4ab-87b5c-4d5c-5f3c-b1d5",
        "70eb4ab8-7b5c-4d5c-5f3c-b1dx", "----"}) {
    CAPTURE(other);
    CHECK(container_of("0::/garden/" + std::string(other) + "\n") == "");
  }
  CHECK(container_of("0::/kubepods/pod" + id + "\n") == "");
  CHECK(container_of("0::/other/" + id + "\n") == "");
}
