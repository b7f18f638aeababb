// A growable run of bytes that reports a failed allocation instead of throwing.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

namespace procseek {

// A slice of a Bytes by position, so that it stays valid when the run moves.
struct Span {
  uint32_t offset = 0;
  uint32_t length = 0;
};

class Bytes {
 public:
  Bytes() = default;
  Bytes(Bytes&& other) noexcept { swap(other); }
  Bytes& operator=(Bytes&& other) noexcept {
    swap(other);
    return *this;
  }
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  ~Bytes() { std::free(data_); }

  char* data() { return data_; }
  const char* data() const { return data_; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  size_t room() const { return capacity_ - size_; }
  std::string_view view(Span span) const { return {data_ + span.offset, span.length}; }
  char last() const { return data_[size_ - 1]; }
  void clear() { size_ = 0; }
  void truncate(size_t size) { size_ = size; }

  // Makes room for `extra` more bytes; false when there is no memory.
  [[nodiscard]] bool reserve(size_t extra) {
    if (extra <= room()) return true;
    if (size_ > kLimit || extra > kLimit - size_) return false;
    size_t capacity = capacity_ < kSmallest ? kSmallest : capacity_;
    if (capacity - size_ < extra) capacity *= 2;
    if (capacity - size_ < extra) capacity = size_ + extra;
    if (capacity > kLimit) capacity = kLimit;
    void* moved = std::realloc(data_, capacity);
    if (moved == nullptr) return false;
    data_ = static_cast<char*>(moved);
    capacity_ = capacity;
    return true;
  }

  // Gives back the memory.
  void release() { Bytes().swap(*this); }

  // Takes over `count` bytes that were written behind the end, into reserved room.
  void commit(size_t count) { size_ += count; }

  [[nodiscard]] bool append(std::string_view bytes) {
    if (!reserve(bytes.size())) return false;
    if (!bytes.empty()) std::memcpy(data_ + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
    return true;
  }

  [[nodiscard]] bool append(char byte) { return append(std::string_view(&byte, 1)); }

  // Appends and tells where the bytes now stand. `bytes` must not lie in this run.
  [[nodiscard]] bool store(std::string_view bytes, Span& ret_span) {
    size_t offset = size_;
    if (!append(bytes)) return false;
    ret_span = {static_cast<uint32_t>(offset), static_cast<uint32_t>(bytes.size())};
    return true;
  }

 private:
  void swap(Bytes& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  static constexpr size_t kSmallest = 256;
  static constexpr size_t kLimit = size_t{1} << 30;  // offsets are 32 bits wide

  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

// Plain values, one after the other, in a run of bytes.
template <class T>
struct Values {
  const T* first;
  size_t count;

  const T* begin() const { return first; }
  const T* end() const { return first + count; }
};

template <class T>
Values<T> values_of(const Bytes& bytes) {
  return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
}

template <class T>
[[nodiscard]] bool append_value(Bytes& bytes, const T& value) {
  return bytes.append({reinterpret_cast<const char*>(&value), sizeof value});
}

}  // namespace procseek
