// Watches in a list that runs through themselves, which takes no memory.
#pragma once

#include <utility>

#include "watch.h"

namespace procseek {

// Holds the watches in it. By which of a watch's links the list runs is up to its owner.
template <Watch* Watch::*link>
class WatchList {
 public:
  WatchList() = default;
  WatchList(const WatchList&) = delete;
  WatchList& operator=(const WatchList&) = delete;
  ~WatchList() {
    while (first_ != nullptr) take()->release();
  }

  bool is_empty() const { return first_ == nullptr; }

  void append(Watch& watch) {
    watch.hold();
    watch.*link = nullptr;
    (first_ == nullptr ? first_ : last_->*link) = &watch;
    last_ = &watch;
  }
  // The first one, along with the list's hold on it.
  Watch* take() {
    Watch* watch = first_;
    first_ = watch->*link;
    return watch;
  }
  Watch* first() const { return first_; }
  void swap(WatchList& other) {
    std::swap(first_, other.first_);
    std::swap(last_, other.last_);
  }

  // visit(watch)
  template <class Visit>
  void for_each(Visit visit) const {
    for (Watch* watch = first_; watch != nullptr; watch = watch->*link) visit(*watch);
  }
  // Releases those for which is_over(watch).
  template <class IsOver>
  void remove_if(IsOver is_over) {
    WatchList kept;
    while (first_ != nullptr) {
      Watch* watch = take();
      if (!is_over(*watch)) kept.append(*watch);
      watch->release();
    }
    swap(kept);
  }

 private:
  Watch* first_ = nullptr;
  Watch* last_ = nullptr;
};

}  // namespace procseek
