// SPDX-License-Identifier: Apache-2.0
// Files in, the same files out.
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/process/cli_fixture.hpp"

namespace tenure {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST_F(CliTest, PutAndGetKeepEveryBitOfEveryDtypeAndRank) {
  const DType dtypes[] = {DType::bool_,
                          DType::int8,
                          DType::int16,
                          DType::int32,
                          DType::int64,
                          DType::uint8,
                          DType::uint16,
                          DType::uint32,
                          DType::uint64,
                          DType::float16,
                          DType::float32,
                          DType::float64,
                          DType::complex64,
                          DType::complex128};
  std::vector<std::int64_t> shape;
  for (const DType dtype : dtypes) {
    const std::string name = to_string(dtype);
    const std::string file = write_npy(name + ".npy", dtype, shape);
    ok({"put", name, name + ".npy"});
    ok({"get", name, "-o", "out.npy"});
    EXPECT_EQ(read("out.npy"), file) << name;
    shape = shape.size() == kMaxRank ? std::vector<std::int64_t>{} : shape;
    shape.push_back(shape.size() % 2 == 0 ? 3 : 2);
  }
}

TEST_F(CliTest, PutAndGetKeepTensorsWithoutElements) {
  const std::string file = write_npy("none.npy", DType::float32, {0, 4});
  EXPECT_EQ(ok({"put", "none", "none.npy"}), "none: v1, 1 tensor, 0 B\n");
  EXPECT_EQ(ok({"get", "none", "-o", "out.npy"}), "out.npy: v1, tensor float32[0,4], 0 B\n");
  EXPECT_EQ(read("out.npy"), file);
}

TEST_F(CliTest, PutAndGetKeepDtypesThatNumPyHasNoNameFor) {
  for (const DType dtype : {DType::bfloat16, DType::float8_e4m3fn, DType::float8_e5m2}) {
    const std::string name = to_string(dtype);
    const std::string file = write_npy(name + ".npy", dtype, {3, 5});
    ok({"create", name, "w:" + name + ":3x5"});
    ok({"put", name, name + ".npy"});
    EXPECT_THAT(ok({"get", name, "-o", "out.npy"}), HasSubstr("w " + name + "[3,5]"));
    EXPECT_EQ(read("out.npy"), file);
  }
}

TEST_F(CliTest, PutAndGetKeepSubByteElementsAsPackedBytes) {
  ok({"create", "int4", "w:0:4:1:3x3"});
  write("int4.npy",
        cli::npy_preamble(static_cast<DType>(0x10400), std::vector<std::int64_t>{3, 3}) +
            std::string("\x12\x34\x56\x78\x09", 5));
  ok({"put", "int4", "int4.npy"});
  ok({"get", "int4", "-o", "out.npy"});
  EXPECT_EQ(read("out.npy"), read("int4.npy"));
}

TEST_F(CliTest, PutTurnsFortranOrderIntoCOrder) {
  const std::string header = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }\n";
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(header.size());
  write("f.npy", file + '\0' + header + "adbecf");
  ok({"put", "f", "f.npy"});
  ok({"get", "f"});
  EXPECT_THAT(read("f.npy"), testing::EndsWith("\nabcdef"));
}

TEST_F(CliTest, PutCreatesAPersistentTopicOfTheFilesShape) {
  write_npy("w.npy", DType::float32, {64, 10});
  const auto result = tool({"put", "w", "w.npy", "--tag", "622", "--json"});
  EXPECT_EQ(result.json(),
            (nlohmann::json{{"name", "w"},
                            {"created", true},
                            {"version", 1},
                            {"tag", 622},
                            {"size_bytes", 2560},
                            {"tensors",
                             {{{"name", "tensor"},
                               {"dtype", "float32"},
                               {"shape", {64, 10}},
                               {"size_bytes", 2560}}}}}));
  const SegmentInfo info = or_throw(connect().inspect("w"));
  EXPECT_EQ(info.terms.lifetime, Lifetime::persistent);
  EXPECT_EQ(info.schema, (std::vector<TensorSpec>{{"tensor", DType::float32, {64, 10}}}));
  EXPECT_EQ(tool({"put", "w", "w.npy", "--json"}).json()["created"], false);
}

TEST_F(CliTest, PutTakesSeveralTensorsByName) {
  write_npy("w.npy", DType::float32, {64, 10});
  write_npy("b.npy", DType::float32, {10});
  EXPECT_EQ(ok({"put", "weights", "w=w.npy", "b=b.npy"}), "weights: v1, 2 tensors, 2.5 KiB\n");
  EXPECT_EQ(ok({"get", "weights", "-o", "out/"}),
            "out/w.npy: v1, w float32[64,10], 2.5 KiB\n"
            "out/b.npy: v1, b float32[10], 40 B\n");
  EXPECT_EQ(read("out/w.npy"), read("w.npy"));
  EXPECT_EQ(read("out/b.npy"), read("b.npy"));
  EXPECT_EQ(ok({"get", "weights", "--tensor", "b"}), "weights.npy: v1, b float32[10], 40 B\n");
}

TEST_F(CliTest, GetWritesStandardOutputAndPutReadsStandardInput) {
  const std::string file = write_npy("w.npy", DType::int16, {7});
  const auto put = tool({"put", "w", "-"}, {.input = file});
  EXPECT_EQ(put.status, 0) << put.errors;
  EXPECT_EQ(ok({"get", "w", "-o", "-"}), file);
}

TEST_F(CliTest, GetNamesTheFileAfterTheLastPart) {
  write_npy("a.npy", DType::int8, {2});
  ok({"put", "cam/left", "a.npy"});
  EXPECT_THAT(ok({"get", "cam/left"}), StartsWith("left.npy: v1"));
}

TEST_F(CliTest, GetNeverLetsATensorsNameLeaveTheDirectory) {
  write_npy("a.npy", DType::int8, {2});
  ok({"create", "t", "../evil:int8:2"});
  ok({"put", "t", "a.npy"});
  ok({"get", "t", "-o", "out/"});
  EXPECT_TRUE(std::filesystem::exists(path("out/..%2Fevil.npy")));
  EXPECT_FALSE(std::filesystem::exists(path("evil.npy")));
}

TEST_F(CliTest, GetLeavesTheOldFileWhereItCannotWrite) {
  write_npy("a.npy", DType::int8, {2});
  ok({"put", "t", "a.npy"});
  const auto before = names_in_directory();
  const auto result = tool({"get", "t", "-o", "no/such/place.npy"});
  EXPECT_EQ(result.status, 3);
  EXPECT_THAT(result.errors, StartsWith("tenure: no/such/place.npy: not_found:"));
  EXPECT_EQ(names_in_directory(), before);  // No draft was left.
}

TEST_F(CliTest, GetLeavesNothingOfAFileThatItCouldNotFinish) {
  write_npy("a.npy", DType::int8, {4000});
  ok({"put", "t", "a.npy"});
  const auto before = names_in_directory();
  const auto result = tool({"get", "t", "-o", "b.npy"}, {.largest_file_bytes = 1000});
  EXPECT_EQ(result.status, 128 + SIGXFSZ) << result.errors;  // Killed while it wrote.
  EXPECT_EQ(names_in_directory(), before);
}

TEST_F(CliTest, GetKeepsTheModeOfAFileThatIsThere) {
  const std::string file = write_npy("a.npy", DType::int8, {2});
  ok({"put", "t", "a.npy"});
  write("secret.npy", "old");
  std::filesystem::permissions(path("secret.npy"), std::filesystem::perms(0600));
  ok({"get", "t", "-o", "secret.npy"});
  EXPECT_EQ(read("secret.npy"), file);
  EXPECT_EQ(std::filesystem::status(path("secret.npy")).permissions(),
            std::filesystem::perms(0600));
}

TEST_F(CliTest, GetFollowsALinkInsteadOfReplacingIt) {
  const std::string file = write_npy("a.npy", DType::int8, {2});
  ok({"put", "t", "a.npy"});
  std::filesystem::create_directory(path("data"));
  std::filesystem::create_symlink("data/new.npy", path("link.npy"));
  for (int i = 0; i < 2; ++i) {  // It points to nothing at first, then to the file.
    ok({"get", "t", "-o", "link.npy"});
    EXPECT_TRUE(std::filesystem::is_symlink(path("link.npy")));
    EXPECT_EQ(read("data/new.npy"), file);
  }
}

TEST_F(CliTest, GetTellsPublishedFilesAsJson) {
  write_npy("a.npy", DType::int8, {2});
  ok({"put", "t", "a.npy", "--tag", "5"});
  const auto json = tool({"get", "t", "--json", "-o", "o.npy"}).json();
  EXPECT_EQ(json,
            (nlohmann::json{{"name", "t"},
                            {"version", 1},
                            {"tag", 5},
                            {"files",
                             {{{"file", "o.npy"},
                               {"name", "tensor"},
                               {"dtype", "int8"},
                               {"shape", {2}},
                               {"size_bytes", 2}}}}}));
}

TEST_F(CliTest, GetRefusesSeveralTensorsForOneFile) {
  write_npy("a.npy", DType::int8, {2});
  ok({"put", "t", "x=a.npy", "y=a.npy"});
  const auto result = tool({"get", "t", "-o", "one.npy"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.errors, HasSubstr("--tensor NAME picks one"));
}

TEST_F(CliTest, GetSaysThatNothingHasBeenPublishedOrWaits) {
  ok({"create", "t", "x:int8:2"});
  EXPECT_EQ(tool({"get", "t"}).status, 5);
  support::RunningTool waiting(
      {"--socket", broker_.socket(), "get", "t", "-o", "-", "--timeout", "50s"});
  Client client = connect();
  Publisher publisher = or_throw(client.publisher("t"));
  const std::vector<std::int8_t> values{4, 2};
  or_throw(publisher.publish(
      {{"x", or_throw(TensorView::of(std::span<const std::int8_t>(values), {2}))}}));
  EXPECT_EQ(waiting.wait(), 0) << waiting.errors();
  EXPECT_THAT(waiting.output(), testing::EndsWith("\x04\x02"));
}

TEST_F(CliTest, PutTakesAFileWithAnEqualsSignInItsName) {
  write_npy("x=y.npy", DType::int8, {2});
  for (const std::string& file :
       {std::string("./x=y.npy"), std::string("x=y.npy"), path("x=y.npy")}) {
    ok({"put", "t", file});
  }
  ok({"put", "named", "x=x=y.npy"});
  EXPECT_EQ(or_throw(connect().inspect("t")).version, 3U);
  EXPECT_EQ(or_throw(connect().inspect("named")).schema.front().name, "x");
}

TEST_F(CliTest, PutAsksForNamesBeforeItMakesATopic) {
  write_npy("a.npy", DType::int8, {2});
  const auto result = tool({"put", "mix", "a=a.npy", "a.npy"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.errors, HasSubstr("without the name of its tensor"));
  EXPECT_THAT(or_throw(connect().list()), testing::IsEmpty());
}

std::string big_endian() {
  const std::string header = "{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }\n";
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(header.size());
  return file + '\0' + header + "abcd";
}

TEST_F(CliTest, PutRefusesFilesBeforeAnythingIsCreated) {
  const std::string good = write_npy("good.npy", DType::float32, {2});
  const std::pair<std::string, const char*> files[] = {
      {"hello", "bad_request: not a .npy file"},
      {"", "bad_request: not a .npy file"},
      {good.substr(0, good.size() - 1), "bad_request: truncated: "},
      {good + "x", "bad_request: bytes after the array: "},
      {big_endian(), "unsupported: dtype \">f4\": big-endian"},
      {cli::npy_preamble(DType::bfloat16, std::vector<std::int64_t>{1}) + "ab",
       "unsupported: raw elements (|V2)"}};
  for (const auto& [bytes, reason] : files) {
    write("bad.npy", bytes);
    const auto result = tool({"put", "t", "x=good.npy", "y=bad.npy"});
    EXPECT_EQ(result.status, 1) << reason;
    EXPECT_THAT(result.errors, StartsWith("tenure: bad.npy: " + std::string(reason)));
  }
  EXPECT_EQ(tool({"put", "t", "missing.npy"}).status, 3);
  EXPECT_THAT(or_throw(connect().list()), testing::IsEmpty());
}

TEST_F(CliTest, PutRefusesWhatDoesNotFitTheTopic) {
  ok({"create", "t", "x:float32:2", "y:bfloat16:2"});
  write_npy("long.npy", DType::float32, {3});
  write_npy("other.npy", DType::float64, {2});
  write_npy("raw1.npy", DType::float8_e5m2, {2});
  EXPECT_EQ(tool({"put", "t", "x=long.npy"}).status, 1);
  EXPECT_EQ(tool({"put", "t", "x=other.npy"}).status, 1);
  EXPECT_EQ(tool({"put", "t", "z=long.npy"}).status, 3);
  EXPECT_THAT(tool({"put", "t", "y=raw1.npy"}).errors, HasSubstr("raw elements of 1 bytes"));
  EXPECT_THAT(tool({"put", "t", "long.npy"}).errors, HasSubstr("TENSOR=FILE names it"));
  EXPECT_THAT(tool({"put", "t", "x=long.npy"}).errors, HasSubstr("\nhint: `tenure inspect t`"));
  EXPECT_THAT(tool({"put", "t", "x=other.npy"}).errors, HasSubstr("\nhint: `tenure inspect t`"));
  EXPECT_EQ(or_throw(connect().inspect("t")).version, 0U);
}

TEST_F(CliTest, PutSaysThatATopicWithoutADtypeTakesNoRawElements) {
  ok({"create", "t", "x:any:64"});
  write_npy("raw2.npy", DType::bfloat16, {2});
  const auto result = tool({"put", "t", "raw2.npy"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.errors, HasSubstr("hint: the topic leaves the dtype of \"x\" open"));
}

}  // namespace
}  // namespace tenure
