// Objects in a stream are found whole, in whatever pieces they come; of a broken one no more is lost than itself.
#include <string>
#include <vector>

#include "cmocka_cpp.h"
#include "object_scanner.h"

using mhsm::cli::ObjectScanner;

namespace {

// The size that is found if the text comes in pieces; npos if there is no end.
std::size_t found(std::string_view text, std::size_t piece) {
    ObjectScanner scanner;
    for (std::size_t size = piece; size < text.size() + piece; size += piece)
        if (scanner.scan(text.substr(0, size))) return scanner.size();
    return std::string_view::npos;
}

}  // namespace

TEST(ends) {
    struct Row {
        std::string object, rest;
    };
    const std::vector<Row> rows = {
        {"{}", "{}"},
        {R"({"a":1})", "\n{\"b\":2}"},
        {R"({"a":{"b":[{},{"c":"}"}]}})", "x"},
        {R"({"a":"\"}\\"})", "{}"},
        {R"({"a":"{[\\\"{"})", ""},
        {"{\n  \"a\": {\n    \"b\": [\n{\n},\n{\n}\n]\n  }\n}", "\n{\n}"},
        {"{\"a\":\"no end", "\n{\"b\":1}"},    // a line feed within a string
        {"{\"a\":\"no end\\", "\n{\"b\":1}"},  // the same after a backslash
        {"{\"a\":tru\n", "{\"b\":1}"},         // a brace where none can be
        {"{\"a\":1,\n", "{\"b\":1}"},
        {"{\"a\"\n", "{\"b\":1}"},
        {"{\"a\":\n", "{\"b\":1}"},  // at the beginning of a line after a colon
        {"{\"a\":[1\n", "{\"b\":1}"},
        {"{\"a\":[{}\n", "{\"b\":1}"},
    };
    for (const auto &[object, rest] : rows) {
        const mhsm::test::Context context(object);
        const auto text = object + rest;
        for (std::size_t piece = 1; piece <= text.size(); ++piece) CHECK_EQ(found(text, piece), object.size());
    }
}

TEST(unfinished) {
    for (const std::string text : {"{", "{\"", "{\"a\":\"\\", "{\"a\":{}", "{\"a\":[[[", "{ \n\t "})
        for (std::size_t piece = 1; piece <= text.size(); ++piece) CHECK_EQ(found(text, piece), std::string_view::npos);
}

TEST(dropping_what_was_scanned_changes_nothing) {
    const std::string text = R"({"a":"\\\"{}[]","b":{"c":[{"d":"}"}]}} )";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        ObjectScanner scanner;
        std::size_t dropped = 0;
        bool ended = false;
        for (std::size_t size = piece; !ended && size < text.size() + piece; size += piece) {
            ended = scanner.scan(std::string_view(text).substr(0, size).substr(dropped));
            if (ended) break;
            dropped += scanner.size();
            scanner.drop(scanner.size());
        }
        CHECK(ended);
        CHECK_EQ(dropped + scanner.size(), text.size() - 1);
    }
}
