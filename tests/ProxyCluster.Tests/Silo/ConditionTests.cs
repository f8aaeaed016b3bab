namespace ProxyCluster.Tests.Silo;

/// <summary>Conditional and partial requests (RFC 9110 §13 and §14).</summary>
public class ConditionTests(FilledSilo filled) : IClassFixture<FilledSilo>
{
    public static TheoryData<string> Tagged() =>
    [
        FilledSilo.Lib.Stem + ".info",
        FilledSilo.Lib.Stem + ".mod",
        FilledSilo.Lib.Stem + ".zip",
        FilledSilo.Large.Stem + ".zip",
        "/example.com/lib/@v/list",
        "/example.com/lib/@latest",
        "/example.com/prefixed/@v/v1.4.info",
        "/sumdb/sumdb.test/go/lookup/example.org/!mod@v1.5.0",
        "/sumdb/sumdb.test/go/tile/8/0/000",
    ];

    [Theory]
    [MemberData(nameof(Tagged))]
    public async Task IfNoneMatch_WithTheTagInAnyForm_Is304(string path)
    {
        var full = await filled.Silo.GetAsync(path);
        var tag = full["ETag"]!;
        string[] conditions = [tag, $"W/{tag}", "*", $"\"other\", {tag}", $"\"a\",W/{tag} , \"b\"", $" {tag} "];
        foreach (var condition in conditions)
        {
            foreach (var method in (string[])["GET", "HEAD"])
            {
                using var connection = await RawConnection.OpenAsync(filled.Silo.Address);
                var answer = await connection.AskAsync(method, path, "If-None-Match: " + condition);
                Assert.Equal(200, (await connection.AskAsync("GET", "/healthz")).Status); // 304 brings no body
                Assert.Equal(304, answer.Status);

                // What a cache needs to freshen its copy (RFC 9110 §15.4.5).
                Assert.Equal(full["ETag"], answer["ETag"]);
                Assert.Equal(full["Cache-Control"], answer["Cache-Control"]);
                Assert.Null(answer["Content-Type"]);
                Assert.Contains(answer["Content-Length"], (string?[])[null, full["Content-Length"]]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Tagged))]
    public async Task IfNoneMatch_WithoutTheTag_IsAnsweredInFull(string path)
    {
        var full = await filled.Silo.GetAsync(path);
        var tag = full["ETag"]!;
        string[] conditions = ["\"other\"", tag[..^2] + "\"", tag.Trim('"'), "\"\"", ",", "\"unclosed"];
        foreach (var condition in conditions)
        {
            var answer = await filled.Silo.GetAsync(path, "If-None-Match: " + condition);
            Assert.Equal(200, answer.Status);
            Assert.Equal(full.Body, answer.Body);
        }
    }

    [Fact]
    public async Task IfNoneMatch_OnTwoLines_CountsAsOneList()
    {
        var tag = (await filled.Silo.GetAsync(FilledSilo.Lib.Stem + ".zip"))["ETag"];
        var answer = await filled.Silo.GetAsync(FilledSilo.Lib.Stem + ".zip", "If-None-Match: \"other\"", "If-None-Match: " + tag);
        Assert.Equal(304, answer.Status);
    }

    [Theory]
    [MemberData(nameof(Tagged))]
    public async Task Tags_OfDifferentBytes_Differ(string path)
    {
        var one = await filled.Silo.GetAsync(path);
        foreach (var other in Tagged().Select(row => row.Data).Where(other => other != path))
        {
            // The latest version's .info and @latest are the same bytes, and have the same tag.
            var answer = await filled.Silo.GetAsync(other);
            Assert.Equal(one.Text == answer.Text, one["ETag"] == answer["ETag"]);
        }
    }

    // Range, status, first byte and count, each relative to the end where negative.
    [Theory]
    [InlineData("bytes=0-0", 206, 0, 1)]
    [InlineData("bytes=0-99", 206, 0, 100)]
    [InlineData("bytes=17-42", 206, 17, 26)]
    [InlineData("bytes=100-", 206, 100, -100)]
    [InlineData("bytes=0-", 206, 0, 0)]
    [InlineData("bytes=-1", 206, -1, 1)]
    [InlineData("bytes=-50", 206, -50, 50)]
    [InlineData("bytes=-99999999", 206, 0, 0)] // a suffix longer than the whole is the whole
    [InlineData("bytes=5-99999999", 206, 5, -5)]
    [InlineData("BYTES=0-9", 206, 0, 10)]
    [InlineData("bytes=99999999-", 416, 0, 0)]
    [InlineData("bytes=99999999-100000000", 416, 0, 0)]
    [InlineData("bytes=-0", 416, 0, 0)]
    [InlineData("bytes=0-1,3-4", 200, 0, 0)] // several at once: the whole, which every client must take
    [InlineData("bytes=0-1,99999999-", 200, 0, 0)]
    [InlineData("bytes=9-3", 200, 0, 0)] // what is no range is ignored
    [InlineData("bytes=", 200, 0, 0)]
    [InlineData("bytes=a-b", 200, 0, 0)]
    [InlineData("bytes=99999999999999999999-", 200, 0, 0)]
    [InlineData("items=0-1", 200, 0, 0)]
    [InlineData("0-1", 200, 0, 0)]
    public async Task Range_OnZips_GivesThatPart(string range, int status, int first, int count)
    {
        foreach (var module in (SiloModule[])[FilledSilo.Lib, FilledSilo.Large])
        {
            var zip = module.Zip;
            var from = first < 0 ? zip.Length + first : first;
            var length = count <= 0 ? zip.Length + count : count;
            var answer = await filled.Silo.GetAsync(module.Stem + ".zip", "Range: " + range);
            Assert.Equal(status, answer.Status);
            Assert.Equal("bytes", answer["Accept-Ranges"]);
            switch (status)
            {
                case 206:
                    Assert.Equal($"bytes {from}-{from + length - 1}/{zip.Length}", answer["Content-Range"]);
                    Assert.Equal(zip[from..(from + length)], answer.Body);
                    Assert.Equal("application/zip", answer["Content-Type"]);
                    break;
                case 416:
                    Assert.Equal($"bytes */{zip.Length}", answer["Content-Range"]);
                    Assert.Equal("no-store", answer["Cache-Control"]); // it is no copy of the zip
                    Assert.Null(answer["ETag"]);
                    Assert.Empty(answer.Body);
                    break;
                default:
                    Assert.Null(answer["Content-Range"]);
                    Assert.Equal(zip, answer.Body);
                    break;
            }
        }
    }

    [Fact]
    public async Task Range_OfAZipNobodyAskedForYet_GivesThatPart()
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Add(FilledSilo.Large);
        var answer = await silo.GetAsync(FilledSilo.Large.Stem + ".zip", "Range: bytes=500000-500009");
        Assert.Equal((206, "MISS"), (answer.Status, answer["X-Cache"]));
        Assert.Equal(FilledSilo.Large.Zip[500000..500010], answer.Body);
    }

    [Theory]
    [InlineData("{tag}", 206)]
    [InlineData("W/{tag}", 200)] // only a strong tag may join parts (RFC 9110 §13.1.5)
    [InlineData("\"other\"", 200)]
    [InlineData("Tue, 02 Jan 2024 03:04:05 GMT", 200)]
    public async Task IfRange_OnZips_GivesThePartOnlyForTheSameBytes(string condition, int status)
    {
        foreach (var module in (SiloModule[])[FilledSilo.Lib, FilledSilo.Large])
        {
            var tag = (await filled.Silo.AskAsync("HEAD", module.Stem + ".zip"))["ETag"];
            var answer = await filled.Silo.GetAsync(
                module.Stem + ".zip", "Range: bytes=3-8", "If-Range: " + condition.Replace("{tag}", tag, StringComparison.Ordinal));
            Assert.Equal(status, answer.Status);
            Assert.Equal(status == 206 ? module.Zip[3..9] : module.Zip, answer.Body);
        }
    }

    [Fact]
    public async Task IfNoneMatch_BesideARange_IsLookedAtFirst()
    {
        var tag = (await filled.Silo.AskAsync("HEAD", FilledSilo.Large.Stem + ".zip"))["ETag"];
        var same = await filled.Silo.GetAsync(FilledSilo.Large.Stem + ".zip", "Range: bytes=0-1", "If-None-Match: " + tag);
        Assert.Equal(304, same.Status);
        var other = await filled.Silo.GetAsync(FilledSilo.Large.Stem + ".zip", "Range: bytes=0-1", "If-None-Match: \"other\"");
        Assert.Equal(206, other.Status);
    }

    [Fact]
    public async Task Range_OnHead_IsIgnored()
    {
        foreach (var module in (SiloModule[])[FilledSilo.Lib, FilledSilo.Large])
        {
            // Ranges are defined for GET alone (RFC 9110 §14.2).
            var answer = await filled.Silo.AskAsync("HEAD", module.Stem + ".zip", "Range: bytes=0-1");
            Assert.Equal(200, answer.Status);
            Assert.Equal($"{module.Zip.Length}", answer["Content-Length"]);
        }
    }

    [Theory]
    [InlineData("/example.com/lib/@v/v1.2.0.info")]
    [InlineData("/example.com/lib/@v/v1.2.0.mod")]
    [InlineData("/example.com/lib/@v/list")]
    [InlineData("/sumdb/sumdb.test/go/tile/8/0/000")]
    [InlineData("/healthz")]
    public async Task Range_WhereItIsNotOffered_IsIgnored(string path)
    {
        var whole = await filled.Silo.GetAsync(path);
        var answer = await filled.Silo.GetAsync(path, "Range: bytes=0-1");
        Assert.Equal(200, answer.Status);
        Assert.Equal(whole.Body, answer.Body);
        Assert.Null(answer["Accept-Ranges"]);
    }
}
