// UTF-16 and what becomes of it.
#include "windows/text.h"

#include <doctest/doctest.h>

#include <string>

#include "exact_bytes.h"
#include "random.h"
#include "wide.h"

using namespace procseek;

namespace {

std::string utf8(const std::u16string& text) {
  ExactBytes units(wide_bytes(text));
  Bytes bytes;
  REQUIRE(append_utf8(wide(units.view()), bytes));
  return {bytes.data(), bytes.size()};
}

std::string base(const std::u16string& path) {
  ExactBytes units(wide_bytes(path));
  Bytes bytes;
  REQUIRE(append_utf8(base_name(wide(units.view())), bytes));
  return {bytes.data(), bytes.size()};
}

}  // namespace

TEST_CASE("UTF-16 becomes UTF-8") {
  CHECK(utf8(u"") == "");
  CHECK(utf8(u"node.exe") == "node.exe");
  CHECK(utf8(u"\u007f\u0080\u07ff\u0800\uffff") == "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf");
  CHECK(utf8(u"Zürich 東京") == "Zürich 東京");
  CHECK(utf8(u"\U00010000\U0010ffff\U0001f600") ==
        "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\xf0\x9f\x98\x80");
}

TEST_CASE("half of a surrogate pair becomes a replacement character") {
  const std::string instead = "\xef\xbf\xbd";
  for (char16_t half : {0xd800, 0xdbff, 0xdc00, 0xdfff}) {
    CHECK(utf8(std::u16string(1, half)) == instead);
    CHECK(utf8(u"a" + std::u16string(1, half) + u"b") == "a" + instead + "b");
  }
  CHECK(utf8({0xdc00, 0xd800}) == instead + instead);               // the wrong way round
  CHECK(utf8({0xd83d, 0xd83d, 0xde00}) == instead + "\U0001f600");  // one too many
}

TEST_CASE("text that ends with half of a pair is not read beyond its end") {
  ExactBytes units(wide_bytes({u'a', 0xd83d}));
  Bytes bytes;
  REQUIRE(append_utf8(wide(units.view()), bytes));
  CHECK(bytes.size() == 4);
}

TEST_CASE("any UTF-16 becomes as many characters as it has, and valid UTF-8") {
  Random random(61);
  for (int i = 0; i < 20000; i++) {
    std::u16string text(random.below(12), u'\0');
    for (char16_t& unit : text) {
      unit = static_cast<char16_t>(random.below(2) ? 0xd700 + random.below(0xa00) : random.next());
    }
    size_t characters = text.size();
    for (size_t at = 0; at + 1 < text.size(); at++) {
      bool is_pair = (text[at] & 0xfc00) == 0xd800 && (text[at + 1] & 0xfc00) == 0xdc00;
      if (is_pair) characters--, at++;
    }
    std::string bytes = utf8(text);
    size_t leads = 0;
    for (unsigned char byte : bytes) leads += (byte & 0xc0) != 0x80;
    REQUIRE(leads == characters);
    for (const char* surrogate = bytes.data(); surrogate < bytes.data() + bytes.size();
         surrogate++) {
      REQUIRE_FALSE((surrogate[0] == '\xed' && (surrogate[1] & 0xe0) == 0xa0));
    }
  }
}

TEST_CASE("the base name of a Windows path stands behind its last backslash") {
  CHECK(base(u"\\Device\\HarddiskVolume3\\Windows\\explorer.exe") == "explorer.exe");
  CHECK(base(u"explorer.exe") == "explorer.exe");
  CHECK(base(u"C:\\dir\\") == "");
  CHECK(base(u"") == "");
  CHECK(base(u"C:\\a/b") == "a/b");  // in the kernel's paths a slash is none
}
