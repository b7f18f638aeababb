// Which engine is the best, over engines that are made up.
#include "engine.h"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fake_machine.h"

using namespace procseek;

namespace {

constexpr Status kRefused = failure(Call::bpf, EPERM);

// What one of them is like.
struct Nature {
  Status on_open = kOk;
  Iteration iteration = Iteration::any;
  std::vector<int64_t> costs = {10};  // of its first walk and so on; the last one for the rest
  Status on_begin = kOk;
  Status on_next = kEnd;
  bool has_source = true;

  int opened = 0;
  int begun = 0;
  int ended = 0;
  int alive = 0;
  Walk walk;
  uint32_t hash = 0;
  std::string root;
};

class CostlySource final : public Source {
 public:
  explicit CostlySource(Nature& nature) : nature_(nature) {}

  Status begin(const Walk& walk) override {
    size_t last = nature_.costs.size() - 1;
    size_t number = std::min(static_cast<size_t>(nature_.begun++), last);
    FakeMachine::current()->cpu_time += nature_.costs[number];
    nature_.walk = walk;
    if (walk.hash_count != 0) nature_.hash = walk.hashes[0];
    return nature_.on_begin;
  }
  Status next(Record&) override { return nature_.on_next; }
  void end() override { nature_.ended++; }
  Status read(Record&, FieldMask) override { return kGone; }
  Status find(int32_t, FieldMask, Record&) override { return kGone; }

 private:
  Nature& nature_;
};

class FakeEngine final : public Engine {
 public:
  FakeEngine(EngineKind kind, Nature& nature) : kind_(kind), nature_(nature) { nature_.alive++; }
  ~FakeEngine() override { nature_.alive--; }

  EngineKind kind() const override { return kind_; }
  Iteration iteration() const override { return nature_.iteration; }
  std::unique_ptr<Source> make_source() override {
    return nature_.has_source ? std::make_unique<CostlySource>(nature_) : nullptr;
  }
  Status exists(int32_t) override { return kGone; }
  Status list_children(const int32_t*, size_t, Bytes&) override { return kUnsupported; }

 private:
  EngineKind kind_;
  Nature& nature_;
};

struct Engines {
  FakeMachine machine;
  std::map<EngineKind, Nature> natures;

  Engines() {
    machine.on_make_engine = [this](EngineKind kind, const char* root,
                                    std::unique_ptr<Engine>& ret_engine) {
      Nature& nature = natures[kind];
      nature.opened++;
      nature.root = root == nullptr ? "(none)" : root;
      if (nature.on_open == kOk) ret_engine = std::make_unique<FakeEngine>(kind, nature);
      return nature.on_open;
    };
    procfs().costs = {100};
    events().costs = {50};
    bpf().costs = {20};
    bpf().iteration = Iteration::threads;
  }
  Nature& procfs() { return natures[EngineKind::procfs]; }
  Nature& events() { return natures[EngineKind::events]; }
  Nature& bpf() { return natures[EngineKind::bpf]; }

  EngineKind best(const char* root = nullptr) {
    std::unique_ptr<Engine> engine;
    Reason reason;
    REQUIRE(open_best_engine(Iteration::any, root, engine, reason) == kOk);
    REQUIRE(engine != nullptr);
    for (auto& [kind, nature] : natures) CHECK(nature.alive == (kind == engine->kind()));
    for (auto& [kind, nature] : natures) CHECK(nature.begun == nature.ended);
    return engine->kind();
  }
};

}  // namespace

TEST_CASE("of all engines the one of the least cost is the best") {
  const struct {
    int64_t procfs, events, bpf;
    EngineKind best;
  } cases[] = {{100, 50, 20, EngineKind::bpf},    {100, 20, 50, EngineKind::events},
               {20, 50, 100, EngineKind::procfs}, {20, 100, 50, EngineKind::procfs},
               {50, 100, 20, EngineKind::bpf},    {50, 20, 100, EngineKind::events}};
  for (auto [procfs, events, bpf, best] : cases) {
    Engines engines;
    engines.procfs().costs = {procfs};
    engines.events().costs = {events};
    engines.bpf().costs = {bpf};
    CHECK(engines.best() == best);
  }
}

TEST_CASE("an engine that is to get ready first is judged by what follows") {
  Engines engines;
  engines.bpf().on_open = kRefused;
  engines.events().costs = {100000, 2, 2, 2};
  CHECK(engines.best() == EngineKind::events);
  CHECK(engines.events().begun > 1);
}

TEST_CASE("an engine is judged by its best walk when it was held up in others") {
  Engines engines;
  engines.bpf().on_open = kRefused;
  engines.events().costs = {100000, 3000, 2000, 2};
  CHECK(engines.best() == EngineKind::events);
}

TEST_CASE("an engine that walks processes alone in the kernel needs no comparison") {
  Engines engines;
  engines.bpf().iteration = Iteration::processes;
  engines.bpf().costs = {100000};
  CHECK(engines.best() == EngineKind::bpf);
  CHECK(engines.bpf().begun == 0);
  CHECK(engines.procfs().begun == 0);
  CHECK(engines.events().opened == 0);
}

TEST_CASE("engines are compared in looking for a name that is not there") {
  Engines engines;
  engines.best();
  for (auto& [kind, nature] : engines.natures) {
    CAPTURE(static_cast<uint32_t>(kind));
    CHECK(nature.walk.comm);
    CHECK(nature.walk.by_comm);
    CHECK(nature.walk.hash_count == 1);
    CHECK(nature.hash == 1);
    CHECK_FALSE(nature.walk.listed);
    CHECK_FALSE(nature.walk.provisional);
  }
}

TEST_CASE("what cannot be opened is not taken") {
  Engines engines;
  engines.events().on_open = kRefused;
  engines.bpf().on_open = kRefused;
  CHECK(engines.best() == EngineKind::procfs);
  CHECK(engines.procfs().begun == 0);
}

TEST_CASE("what cannot be measured is not taken") {
  for (int where = 0; where < 3; where++) {
    CAPTURE(where);
    Engines engines;
    for (Nature* nature : {&engines.events(), &engines.bpf()}) {
      if (where == 0) nature->on_begin = kRefused;
      if (where == 1) nature->on_next = kRefused;
      if (where == 2) nature->has_source = false;
    }
    CHECK(engines.best() == EngineKind::procfs);
  }
}

TEST_CASE("an engine is taken when the one before it cannot be measured") {
  Engines engines;
  engines.bpf().on_open = kRefused;
  engines.procfs().on_next = failure(Call::getdents64, ENOENT);
  CHECK(engines.best() == EngineKind::events);
}

TEST_CASE("without the plainest engine there is none") {
  Engines engines;
  engines.procfs().on_open = failure(Call::fstatfs, ENODEV);
  std::unique_ptr<Engine> engine;
  Reason reason;
  CHECK(open_best_engine(Iteration::any, nullptr, engine, reason) ==
        failure(Call::fstatfs, ENODEV));
  CHECK(engine == nullptr);
  CHECK(engines.events().opened == 0);
}

TEST_CASE("every engine is opened at the root that was given") {
  for (const char* root : {static_cast<const char*>(nullptr), "/host/proc"}) {
    Engines engines;
    engines.best(root);
    for (auto& [kind, nature] : engines.natures) {
      CAPTURE(static_cast<uint32_t>(kind));
      CHECK(nature.root == (root == nullptr ? "(none)" : root));
    }
  }
}

TEST_CASE("a reason is put together from its parts") {
  Reason reason;
  CHECK(std::string(reason.text()).empty());
  reason.add("needs ").add("").add("Linux 5.17");
  CHECK(std::string(reason.text()) == "needs Linux 5.17");
  reason.clear();
  CHECK(std::string(reason.text()).empty());
  reason.add("other");
  CHECK(std::string(reason.text()) == "other");
}

TEST_CASE("a reason that is too long is cut") {
  for (size_t part : {1, 7, 198, 199, 200, 201, 1000}) {
    CAPTURE(part);
    auto reason = std::make_unique<Reason>();
    std::string whole;
    while (whole.size() < 500) {
      std::string more(part, static_cast<char>('a' + whole.size() % 26));
      whole += more;
      reason->add(more);
      REQUIRE(std::string(reason->text()) == whole.substr(0, 199));
    }
  }
}
