using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.EndToEnd.HostileUpstream;

/// <summary>An upstream that lies about modules is refused, counted, and leaves no trace in the store.</summary>
[Trait("Needs", "corpus")]
public sealed class HostileUpstreamTests(HostileSystem hostile) : IClassFixture<HostileSystem>
{
    // Unix file type S_IFLNK with permissions, where zips keep it.
    private const int SymbolicLink = unchecked((int)(0xA1FFu << 16));

    private readonly TestSystem _system = hostile.System;

    public static TheoryData<string> ZipNames => [.. HostileZip.All.Select(z => z.Name)];

    [Theory]
    [MemberData(nameof(ZipNames))]
    public async Task Zip_ThatBreaksTheRulesButIsVouchedFor_IsRefused(string name)
    {
        var zip = HostileZip.All.Single(z => z.Name == name);

        await Refusal.AssertRefusedAsync(_system, $"{zip.ModulePath}/@v/{HostileZip.Version}.zip", "upstream-invalid");
    }

    [Fact]
    public async Task Zip_WithABitFlippedInAnyFile_IsRefused()
    {
        const string Path = "github.com/russross/blackfriday/v2/@v/v2.1.0.zip";
        var places = new Random(20230610);
        foreach (var (start, length) in CompressedData(_system.Upstream.FindOrNull("/" + Path)!.Body.Span))
        {
            // The last byte may be padding, which means nothing.
            _system.Upstream.Faults.Next("/" + Path, Fault.FlipByte(start + places.Next(length - 1)));
            await Refusal.AssertRefusedAsync(_system, Path, "upstream-invalid", "checksum-mismatch");
        }

        await Refusal.AssertServedAsync(_system, Path);
    }

    [Fact]
    public async Task Zip_WithAFlippedContentByte_IsRefusedAndTheHonestOneServedAfterwards()
    {
        const string Path = "github.com/beorn7/perks/@v/v1.0.1.zip";
        _system.Upstream.Faults.Next("/" + Path, Fault.Replace(Rewrite(Path, (name, content) =>
        {
            if (name.EndsWith("stream.go", StringComparison.Ordinal))
                content[^2] ^= 1;
            return (name, content, 0);
        })));

        await Refusal.AssertRefusedAsync(_system, Path, "checksum-mismatch");
        await Refusal.AssertServedAsync(_system, Path);
    }

    [Fact]
    public async Task Zip_OfAnotherModule_IsRefused()
    {
        const string One = "github.com/pkg/errors/@v/v0.9.1.zip";
        const string Other = "github.com/pmezard/go-difflib/@v/v1.0.0.zip";
        _system.Upstream.Faults.Next("/" + One, Fault.ServeInstead("/" + Other));
        _system.Upstream.Faults.Next("/" + Other, Fault.ServeInstead("/" + One));

        await Refusal.AssertRefusedAsync(_system, One, "upstream-invalid");
        await Refusal.AssertRefusedAsync(_system, Other, "upstream-invalid");
        await Refusal.AssertServedAsync(_system, One);
        await Refusal.AssertServedAsync(_system, Other);
    }

    [Fact]
    public async Task Zip_OfAnotherVersion_IsRefusedEvenWithItsNamesChanged()
    {
        // The same source under another version's prefix: names and rules fit, only the hash tells.
        const string Path = "github.com/go-openapi/errors/@v/v0.20.3.zip";
        _system.Upstream.Faults.Next("/" + Path, Fault.Replace(Rewrite(Path, (name, content) =>
            name.EndsWith("/go.mod", StringComparison.Ordinal)
                ? (name, [.. content, .. "// v0.20.4\n"u8], 0)
                : (name, content, 0))));

        await Refusal.AssertRefusedAsync(_system, Path, "checksum-mismatch");
    }

    [Fact]
    public async Task Zip_WithAFileReplacedByASymbolicLink_IsRefused()
    {
        // By the zip rules a link is a file whose content is its target (spec §4), so this is a changed content.
        const string Path = "github.com/oklog/run/@v/v1.1.0.zip";
        _system.Upstream.Faults.Next("/" + Path, Fault.Replace(Rewrite(Path, (name, content) =>
            name.EndsWith("group.go", StringComparison.Ordinal) ? (name, "../../../../etc/passwd"u8.ToArray(), SymbolicLink) : (name, content, 0))));

        await Refusal.AssertRefusedAsync(_system, Path, "checksum-mismatch");
    }

    [Fact]
    public async Task Zip_WithASymbolicLinkAdded_IsRefused()
    {
        const string Path = "github.com/jpillora/backoff/@v/v1.0.0.zip";
        _system.Upstream.Faults.Next("/" + Path, Fault.Replace(Rewrite(
            Path,
            (name, content) => (name, content, 0),
            ("github.com/jpillora/backoff@v1.0.0/link", "../../../../etc/passwd"u8.ToArray(), SymbolicLink))));

        await Refusal.AssertRefusedAsync(_system, Path, "checksum-mismatch");
    }

    [Fact]
    public async Task Zip_WithAnEntryAdded_IsRefused()
    {
        const string Path = "github.com/hashicorp/errwrap/@v/v1.0.0.zip";
        _system.Upstream.Faults.Next("/" + Path, Fault.Replace(Rewrite(
            Path,
            (name, content) => (name, content, 0),
            ("github.com/hashicorp/errwrap@v1.0.0/evil.go", "package errwrap\n\nfunc init() { panic(1) }\n"u8.ToArray(), 0))));

        await Refusal.AssertRefusedAsync(_system, Path, "checksum-mismatch");
    }

    [Theory]
    [InlineData(".mod", 0)]
    [InlineData(".zip", 0)]
    [InlineData(".mod", 10)]
    [InlineData(".zip", 100)]
    public async Task Artifact_CutOff_IsNotStored(string ending, int after)
    {
        var path = $"github.com/mitchellh/mapstructure/@v/v1.4.3{ending}";
        _system.Upstream.Faults.Next("/" + path, Enumerable.Repeat(Fault.TruncateAfter(after), 5));

        using (var answer = await _system.Proxy.Http.GetAsync(path, TestContext.Current.CancellationToken))
            Assert.InRange((int)answer.StatusCode, 500, 599);

        Refusal.AssertNothingStored(_system, path);
        _system.Upstream.Faults.Clear();
    }

    [Fact]
    public async Task GoMod_Changed_IsRefused()
    {
        const string Path = "github.com/kr/text/@v/v0.2.0.mod";
        _system.Upstream.Faults.Next(
            "/" + Path, Fault.Replace(Encoding.UTF8.GetBytes("module github.com/kr/text\n\nrequire evil.example.test v1.0.0\n")));

        await Refusal.AssertRefusedAsync(_system, Path, "checksum-mismatch");
        await Refusal.AssertServedAsync(_system, Path);
    }

    [Fact]
    public async Task GoMod_OversizedByFar_IsRefused()
    {
        const string Path = "github.com/kr/pretty/@v/v0.3.0.mod";
        _system.Upstream.Faults.Next("/" + Path, Fault.Replace(new byte[17 << 20]));

        await Refusal.AssertRefusedAsync(_system, Path, "upstream-invalid");
    }

    [Fact]
    public async Task GoMod_ThatIsAWebPage_IsRefused()
    {
        const string Path = "github.com/google/uuid/@v/v1.1.2.mod";
        _system.Upstream.Faults.Next("/" + Path, Fault.WebPage);

        await Refusal.AssertRefusedAsync(_system, Path, "upstream-invalid", "checksum-mismatch");
    }

    [Fact]
    public async Task Info_OfAnotherVersion_IsRefused()
    {
        const string Path = "github.com/rs/cors/@v/v1.8.2.info";
        _system.Upstream.Faults.Next("/" + Path, Fault.Replace("""{"Version":"v1.8.3"}"""u8.ToArray()));

        await Refusal.AssertRefusedAsync(_system, Path, "upstream-invalid");
    }

    [Fact]
    public async Task Module_ThatTheDatabaseDoesNotKnow_IsRefused()
    {
        _system.Upstream.Put("/unknown.example.test/m/@v/v1.0.0.mod", "module unknown.example.test/m\n");

        await Refusal.AssertRefusedAsync(_system, "unknown.example.test/m/@v/v1.0.0.mod", "checksum-unknown");
    }

    [Fact]
    public async Task Go_MeetingATamperedModule_StopsWithOurReason()
    {
        const string Path = "github.com/hashicorp/golang-lru/@v/v0.6.0.zip";
        _system.Upstream.Faults.Next("/" + Path, Fault.Replace(Rewrite(
            Path, (name, content) => (name, content, 0), ("github.com/hashicorp/golang-lru@v0.6.0/evil.go", "package lru\n"u8.ToArray(), 0))));
        using var go = new GoWorkspace(_system.Proxy.Url, _system.Database.Key);

        var download = await go.TryAsync("mod", "download", "-json", "github.com/hashicorp/golang-lru@v0.6.0");

        Assert.NotEqual(0, download.ExitCode);
        Assert.Contains("502 Bad Gateway", download.Output, StringComparison.Ordinal);
        Assert.Contains("proves", download.Output, StringComparison.Ordinal);
    }

    /// <summary>Where a zip keeps the contents of its first twenty files (APPNOTE 4.3).</summary>
    private static List<(int Start, int Length)> CompressedData(ReadOnlySpan<byte> zip)
    {
        const int EndRecord = 22;
        List<(int, int)> found = [];
        var entry = BinaryPrimitives.ReadInt32LittleEndian(zip[^(EndRecord - 16)..]);
        while (found.Count < 20 && BinaryPrimitives.ReadUInt32LittleEndian(zip[entry..]) == 0x02014b50)
        {
            var header = BinaryPrimitives.ReadInt32LittleEndian(zip[(entry + 42)..]);
            var nameAndExtra = BinaryPrimitives.ReadUInt16LittleEndian(zip[(header + 26)..])
                + BinaryPrimitives.ReadUInt16LittleEndian(zip[(header + 28)..]);
            found.Add((header + 30 + nameAndExtra, BinaryPrimitives.ReadInt32LittleEndian(zip[(entry + 20)..])));
            entry += 46
                + BinaryPrimitives.ReadUInt16LittleEndian(zip[(entry + 28)..])
                + BinaryPrimitives.ReadUInt16LittleEndian(zip[(entry + 30)..])
                + BinaryPrimitives.ReadUInt16LittleEndian(zip[(entry + 32)..]);
        }

        return found;
    }

    /// <summary>The zip at an upstream path, with its entries changed and others added.</summary>
    private byte[] Rewrite(
        string path,
        Func<string, byte[], (string Name, byte[] Content, int Attributes)> change,
        params (string Name, byte[] Content, int Attributes)[] added)
    {
        using var original = new ZipArchive(new MemoryStream(_system.Upstream.FindOrNull("/" + path)!.Body.ToArray()));
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content, attributes) in original.Entries.Select(e => change(e.FullName, Read(e))).Concat(added))
            {
                var entry = zip.CreateEntry(name);
                entry.ExternalAttributes = attributes;
                using var writer = entry.Open();
                writer.Write(content);
            }
        }

        return bytes.ToArray();
    }

    private static byte[] Read(ZipArchiveEntry entry)
    {
        using var content = entry.Open();
        using var bytes = new MemoryStream();
        content.CopyTo(bytes);
        return bytes.ToArray();
    }
}
