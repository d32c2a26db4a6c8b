// SPDX-License-Identifier: Apache-2.0
#include "daemon/app/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

namespace tenure::app {
namespace {

using ::testing::HasSubstr;

class SettingsTest : public ::testing::Test {
 protected:
  SettingsTest() {
    path = (std::filesystem::temp_directory_path() / "tenured-settings-XXXXXX").string();
    descriptor = ::mkstemp(path.data());
    surroundings.environment = [this](const char* name) {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
    surroundings.default_config = "/nonexistent/tenured.json";
    surroundings.memory_bytes = 1000;
    surroundings.memory_source = "RAM";
  }
  ~SettingsTest() override {
    ::close(descriptor);
    std::filesystem::remove(path);
  }

  void write_config(const std::string& text) { std::ofstream(path) << text; }
  std::string refusal(const SettingsText& flags, const std::string& config = "") {
    const auto settings = resolve(flags, config, surroundings);
    return settings ? "accepted" : settings.error().detail;
  }

  std::map<std::string, std::string> variables;
  Surroundings surroundings;
  std::string path;
  int descriptor = -1;
};

TEST_F(SettingsTest, DefaultsAreHalfOfMemoryAndTheSystemSocket) {
  const auto settings = resolve({}, "", surroundings);
  ASSERT_TRUE(settings.has_value());
  EXPECT_EQ(settings->socket, "/run/tenure/control.sock");
  EXPECT_EQ(settings->budget_bytes, 500U);
  EXPECT_EQ(settings->log_level, "info");
  variables["XDG_RUNTIME_DIR"] = "/run/user/7";
  EXPECT_EQ(resolve({}, "", surroundings)->socket, "/run/user/7/tenure/control.sock");
}

TEST_F(SettingsTest, FlagOverEnvironmentOverFile) {
  write_config(R"({"socket": "/file", "budget": "100", "log_level": "error"} // as text)");
  variables = {{"TENURE_SOCKET", "/variable"}, {"TENURE_BUDGET", "200"}};
  const auto settings = resolve({.socket = "/flag"}, path, surroundings);
  ASSERT_TRUE(settings.has_value()) << settings.error().detail;
  EXPECT_EQ(settings->socket, "/flag");
  EXPECT_EQ(settings->budget_bytes, 200U);
  EXPECT_EQ(settings->log_level, "error");
}

TEST_F(SettingsTest, FileMayNameBytesAsANumber) {
  write_config(R"({"budget": 300, "allow_unmapped_uid": true})");
  const auto settings = resolve({}, path, surroundings);
  ASSERT_TRUE(settings.has_value()) << settings.error().detail;
  EXPECT_EQ(settings->budget_bytes, 300U);
  EXPECT_TRUE(settings->allow_unmapped_uid);
}

TEST_F(SettingsTest, DefaultFileIsReadWhereItExists) {
  write_config(R"({"budget": 300})");
  surroundings.default_config = path;
  EXPECT_EQ(resolve({}, "", surroundings)->budget_bytes, 300U);
}

TEST_F(SettingsTest, BadValuesNameTheirSource) {
  EXPECT_THAT(refusal({.budget = "12X"}), HasSubstr("--budget: \"12X\" is not a size"));
  EXPECT_THAT(refusal({.budget = "0"}), HasSubstr("--budget"));
  EXPECT_THAT(refusal({.budget = "1K"}), HasSubstr("1K is more than the 1000 bytes that RAM"));
  EXPECT_THAT(refusal({.log_level = "loud"}), HasSubstr("--log-level: \"loud\""));
  EXPECT_THAT(refusal({.socket = ""}), HasSubstr("--socket"));
  variables["TENURE_BUDGET"] = "x";
  EXPECT_THAT(refusal({}), HasSubstr("TENURE_BUDGET"));
  variables = {{"TENURE_LOG_LEVEL", "x"}};
  EXPECT_THAT(refusal({}), HasSubstr("TENURE_LOG_LEVEL"));
}

TEST_F(SettingsTest, BadFilesNameThePathAndTheKey) {
  EXPECT_THAT(refusal({}, "/nonexistent/x.json"), HasSubstr("/nonexistent/x.json"));
  write_config("[1, 2");
  EXPECT_THAT(refusal({}, path), HasSubstr(path + ": is not a JSON object"));
  write_config(R"({"buget": "1"})");
  EXPECT_THAT(refusal({}, path), HasSubstr("unknown key \"buget\"; did you mean \"budget\"?"));
  write_config(R"({"socket": 7})");
  EXPECT_THAT(refusal({}, path), HasSubstr("socket must be a text"));
  write_config(R"({"budget": "7Q"})");
  EXPECT_THAT(refusal({}, path), HasSubstr(path + ": budget"));
  write_config(R"({"allow_unmapped_uid": "yes"})");
  EXPECT_THAT(refusal({}, path), HasSubstr("must be true or false"));
}

TEST_F(SettingsTest, EmptyVariablesAreUnset) {
  variables = {{"TENURE_SOCKET", ""},
               {"TENURE_BUDGET", ""},
               {"TENURE_LOG_LEVEL", ""},
               {"TENURE_MASK", ""},
               {"XDG_RUNTIME_DIR", ""}};
  const auto settings = resolve({}, "", surroundings);
  ASSERT_TRUE(settings.has_value()) << settings.error().detail;
  EXPECT_EQ(settings->socket, "/run/tenure/control.sock");
}

TEST_F(SettingsTest, EmptyFileIsNoObject) {
  EXPECT_EQ(refusal({}, path), path + ": is not a JSON object");
}

// As where a directory on the way may not be searched: std::filesystem throws there.
TEST_F(SettingsTest, DefaultFileThatCannotBeLookedForIsNotThere) {
  surroundings.default_config = "/" + std::string(5000, 'x');
  EXPECT_TRUE(resolve({}, "", surroundings).has_value());
}

TEST_F(SettingsTest, MaskOfUnknownWordsIsRefused) {
  variables = {{"TENURE_MASK", "lease,bogus"}};
  EXPECT_THAT(refusal({}), HasSubstr("TENURE_MASK: \"bogus\" is none of all, noexec_seal, "));
  variables = {{"TENURE_MASK", "lease,pass_rights"}};
  EXPECT_TRUE(resolve({}, "", surroundings).has_value());
  variables = {{"TENURE_MASK", "all"}};
  EXPECT_TRUE(resolve({}, "", surroundings).has_value());
}

TEST(ParseSize, TakesNumbersWithSuffixesAndNothingElse) {
  EXPECT_EQ(parse_size("17"), 17U);
  EXPECT_EQ(parse_size("2K"), 2048U);
  EXPECT_EQ(parse_size("512M"), 512U << 20U);
  EXPECT_EQ(parse_size("4G"), std::uint64_t{4} << 30U);
  EXPECT_EQ(parse_size("1T"), std::uint64_t{1} << 40U);
  for (const char* bad : {"",
                          "K",
                          "-1",
                          "1k",
                          "1KB",
                          "1 K",
                          "0x10",
                          "1.5G",
                          "17179869184G",
                          "99999999999999999999"}) {
    EXPECT_EQ(parse_size(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace tenure::app
