#include "command_line.h"

#include <algorithm>

namespace procseek {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

size_t run_of(std::string_view text, char c) {
  size_t end = text.find_first_not_of(c);
  return end == std::string_view::npos ? text.size() : end;
}

// One after the other, behind the program's.
class Splitter {
 public:
  Splitter(std::string_view line, Bytes& arguments) : rest_(line), arguments_(arguments) {}

  // The program's name knows no backslash as a sign: it ends by the second quote, or by a blank.
  void program() {
    bool is_quoted = !rest_.empty() && rest_.front() == '"';
    if (is_quoted) rest_.remove_prefix(1);
    size_t end = is_quoted ? rest_.find('"') : rest_.find_first_of(" \t");
    put(rest_.substr(0, end));
    end_argument();
    rest_.remove_prefix(
        std::min(rest_.size(), end == std::string_view::npos ? end : end + is_quoted));
  }

  // False when there is none.
  bool argument() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
    if (rest_.empty()) return false;
    is_quoted_ = false;
    while (!rest_.empty() && (is_quoted_ || !is_blank(rest_.front()))) {
      if (rest_.front() == '\\') {
        backslashes();
      } else if (rest_.front() == '"') {
        quotes();
      } else {
        put(rest_.substr(0, 1));
        rest_.remove_prefix(1);
      }
    }
    end_argument();
    return true;
  }

 private:
  // Before a quote, two of them mean one, and an odd one that the quote is meant.
  void backslashes() {
    size_t count = run_of(rest_, '\\');
    bool is_before_quote = count < rest_.size() && rest_[count] == '"';
    put(rest_.substr(0, is_before_quote ? count / 2 : count));
    rest_.remove_prefix(count);
    if (!is_before_quote) return;
    if (count % 2 != 0) {
      put("\"");
      rest_.remove_prefix(1);
    }
    quotes();
  }

  // Of all quotes in a row, the one that has opened a quotation included, three mean one and leave
  // no quotation; of the rest, one opens a quotation, and two are an empty one.
  void quotes() {
    size_t count = run_of(rest_, '"');
    size_t total = count + (is_quoted_ ? 1 : 0);
    for (size_t i = 0; i < total / 3; i++) put("\"");
    is_quoted_ = total % 3 == 1;
    rest_.remove_prefix(count);
  }

  void put(std::string_view bytes) { (void)arguments_.append(bytes); }
  void end_argument() { (void)arguments_.append('\0'); }

  std::string_view rest_;
  Bytes& arguments_;  // with room for all of them
  bool is_quoted_ = false;
};

}  // namespace

bool append_arguments(std::string_view line, Bytes& ret_arguments) {
  line = line.substr(0, line.find('\0'));
  if (line.empty()) return true;
  // Every argument but the first takes a blank or more in the line, and a NUL here.
  if (!ret_arguments.reserve(line.size() + 1)) return false;
  Splitter splitter(line, ret_arguments);
  splitter.program();
  while (splitter.argument()) continue;
  return true;
}

}  // namespace procseek
