using System.Text;

namespace ProxyCluster.Tests.Silo;

/// <summary>
/// Files that are not what their record says. Nobody is ever served one; it is set aside, fetched again, and what comes
/// must be what the record pins.
/// </summary>
public class DamageTests
{
    private static readonly SiloModule Small = SiloModule.Pack("example.com/lib", "v1.2.0");
    private static readonly SiloModule Large = SiloModule.Pack("example.com/lib", "v1.3.0", 600_000);
    private static readonly SiloModule OtherLarge = SiloModule.Pack("example.com/lib", "v1.4.0", 600_000);

    private static readonly Dictionary<string, Action<string>> Damages = new()
    {
        ["one bit flipped"] = static path =>
        {
            var bytes = File.ReadAllBytes(path);
            bytes[bytes.Length / 2] ^= 1;
            File.WriteAllBytes(path, bytes);
        },
        ["one bit flipped, times restored"] = static path =>
        {
            var time = File.GetLastWriteTimeUtc(path);
            var bytes = File.ReadAllBytes(path);
            bytes[^1] ^= 1;
            File.WriteAllBytes(path, bytes);
            File.SetLastWriteTimeUtc(path, time);
        },
        ["cut short"] = static path =>
        {
            // Sharing, because the answer of a moment ago may still hold the file open.
            using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            file.SetLength(file.Length / 2);
        },
        ["made longer"] = static path => File.AppendAllText(path, "\n"),
        ["emptied"] = static path => File.WriteAllBytes(path, []),
        ["swapped with another version's"] = static path =>
            File.WriteAllBytes(path, File.ReadAllBytes(path.Replace("v1.2.0", "v1.3.0", StringComparison.Ordinal))),
        ["swapped with one of the same length"] = static path =>
            File.WriteAllBytes(path, File.ReadAllBytes(path.Replace("v1.3.0", "v1.4.0", StringComparison.Ordinal))),
        ["gone"] = File.Delete,
    };

    public static TheoryData<string, string, bool> Cases()
    {
        var cases = new TheoryData<string, string, bool>();
        foreach (var damage in Damages.Keys)
        {
            foreach (var file in (string[])["v1.2.0.info", "v1.2.0.mod", "v1.2.0.zip", "v1.3.0.zip"])
            {
                var fits = damage switch
                {
                    "swapped with another version's" => file == "v1.2.0.zip",
                    "swapped with one of the same length" => file == "v1.3.0.zip",
                    _ => true,
                };
                if (fits)
                    cases.Add(damage, file, true);

                // While it runs: a small file is in memory by then, and its damage is met at the next start.
                if (fits && file == "v1.3.0.zip" && damage != "one bit flipped, times restored")
                    cases.Add(damage, file, false);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Get_OfADamagedFile_FetchesItAgainAndSetsTheBadOneAside(string damage, string file, bool stopped)
    {
        await using var silo = await FilledAsync();
        var path = $"/example.com/lib/@v/{file}";
        var right = await silo.GetAsync(path);
        if (stopped)
            await silo.StopAsync();
        Damages[damage](FileOf(silo, file));
        if (stopped)
            await silo.StartAgainAsync();

        var answer = await silo.GetAsync(path);
        Assert.Equal((200, "MISS"), (answer.Status, answer["X-Cache"]));
        Assert.Equal(right.Body, answer.Body);
        Assert.Equal(2, silo.Upstream.Requests(path));
        Assert.Equal(right.Body, File.ReadAllBytes(FileOf(silo, file)));
        var aside = Directory.GetFiles(Path.Combine(silo.Data, "quarantine"));
        Assert.Equal(damage == "gone" ? 0 : 1, aside.Length);
        Assert.All(aside, name => Assert.EndsWith("lib@" + file, name, StringComparison.Ordinal));
        Assert.Equal(aside.Length, silo.Log.Lines.Count(line => line.Contains("no longer matched its record", StringComparison.Ordinal)));
        Assert.Equal("HIT", (await silo.GetAsync(path))["X-Cache"]);
    }

    [Fact]
    public async Task Get_OfADamagedFileWithUpstreamDown_IsRefusedAndServesNoWrongByte()
    {
        await using var silo = await FilledAsync();
        await silo.StopAsync();
        Damages["one bit flipped"](FileOf(silo, "v1.2.0.mod"));
        silo.Upstream.StopListening();
        await silo.StartAgainAsync();
        Assert.Equal(404, (await silo.GetAsync("/cached-only/example.com/lib/@v/v1.2.0.mod")).Status);
        var refused = await silo.GetAsync(Small.Stem + ".mod");
        Assert.Equal((502, "upstream-unavailable"), (refused.Status, refused["X-ProxyCluster-Cause"]));
        Assert.Equal(200, (await silo.GetAsync(Small.Stem + ".zip")).Status);

        silo.Upstream.Listen();
        await silo.StopAsync();
        await silo.StartAgainAsync();
        Assert.Equal(Small.GoMod, (await silo.GetAsync(Small.Stem + ".mod")).Body);
    }

    [Fact]
    public async Task Get_OfAFileThatWasOnlyTouched_IsHashedAgainAndNotFetched()
    {
        await using var silo = await FilledAsync();
        File.SetLastWriteTimeUtc(FileOf(silo, "v1.3.0.zip"), new DateTime(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc));
        var answer = await silo.GetAsync(Large.Stem + ".zip");
        Assert.Equal("HIT", answer["X-Cache"]);
        Assert.Equal(Large.Zip, answer.Body);
        Assert.Equal(1, silo.Upstream.Requests(Large.Stem + ".zip"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("{\"format\":1,\"path\":\"example.com/other\",\"version\":\"v1.2.0\"}")]
    public async Task Get_WithAnUnreadableRecord_ProvesItAgain(string record)
    {
        await using var silo = await FilledAsync();
        await silo.StopAsync();
        File.WriteAllText(FileOf(silo, "v1.2.0.record"), record, Encoding.UTF8);
        await silo.StartAgainAsync();
        var answer = await silo.GetAsync(Small.Stem + ".zip");
        Assert.Equal((200, "MISS"), (answer.Status, answer["X-Cache"]));
        Assert.Equal(Small.Zip, answer.Body);
        Assert.Equal(Small.ZipH1, silo.RecordOf(Small)!.ZipH1);
        Assert.Contains(silo.Log.Lines, line => line.Contains("could not be read and counts as absent", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Get_WithARecordOfAnotherFormat_IsRefusedUntilAProgramReadsIt()
    {
        await using var silo = await FilledAsync();
        await silo.StopAsync();
        var file = FileOf(silo, "v1.2.0.record");
        var record = File.ReadAllText(file);
        File.WriteAllText(file, "{\"format\":2}");
        await silo.StartAgainAsync();

        var refused = await silo.GetAsync(Small.Stem + ".zip");
        Assert.Equal((503, "store-unavailable"), (refused.Status, refused["X-ProxyCluster-Cause"]));
        Assert.NotNull(refused["Retry-After"]);
        Assert.Contains("another version of the program", refused.Text, StringComparison.Ordinal);
        Assert.Equal(1, silo.Upstream.Requests(Small.Stem + ".zip"));
        Assert.Equal("{\"format\":2}", File.ReadAllText(file));
        File.WriteAllText(file, record);
        Assert.Equal("HIT", (await silo.GetAsync(Small.Stem + ".zip"))["X-Cache"]);
    }

    [Fact]
    public async Task Get_OfAFileThatCannotBeOpened_IsAnOutageOfTheStore()
    {
        await using var silo = await FilledAsync();
        await silo.StopAsync();
        File.Delete(FileOf(silo, "v1.2.0.zip"));
        Directory.CreateDirectory(FileOf(silo, "v1.2.0.zip"));
        await silo.StartAgainAsync();

        var refused = await silo.GetAsync(Small.Stem + ".zip");
        Assert.Equal((503, "store-unavailable"), (refused.Status, refused["X-ProxyCluster-Cause"]));
        Assert.Equal(200, (await silo.GetAsync(Small.Stem + ".mod")).Status);
    }

    [Fact]
    public async Task Readyz_WithADamagedHeadOfTheChecksumDatabase_SaysWhyUntilItCanGoOn()
    {
        await using var silo = await FilledAsync();
        await silo.StopAsync();
        var database = Path.Combine(silo.Data, "sumdb", Uri.EscapeDataString("sumdb.test/go"));
        Damages["cut short"](Path.Combine(database, "latest"));
        var lookups = Path.Combine(database, "lookup");
        Directory.Move(lookups, lookups + ".away");
        await silo.StartAgainAsync();

        var ready = await silo.GetAsync("/readyz");
        Assert.Equal(503, ready.Status);
        Assert.NotNull(ready["Retry-After"]);
        Assert.Contains("checksum database sumdb.test/go: the tree head kept for sumdb.test/go is damaged", ready.Text, StringComparison.Ordinal);
        var next = SiloModule.Pack("example.com/lib", "v1.5.0");
        silo.Add(next);
        var refused = await silo.GetAsync(next.Stem + ".mod");
        Assert.Equal((503, "store-unavailable"), (refused.Status, refused["X-ProxyCluster-Cause"]));
        Assert.NotNull(refused["Retry-After"]);
        Assert.Equal("HIT", (await silo.GetAsync(Small.Stem + ".zip"))["X-Cache"]);

        await silo.StopAsync();
        Directory.Move(lookups + ".away", lookups);
        await silo.StartAgainAsync();
        Assert.Equal(200, (await silo.GetAsync("/readyz")).Status);
        Assert.Equal(next.GoMod, (await silo.GetAsync(next.Stem + ".mod")).Body);
    }

    [Fact]
    public async Task Get_OfBytesThatNoRecordNames_AreProvenFirst()
    {
        await using var silo = await TestSilo.StartAsync();
        silo.Add(Small);
        var path = FileOf(silo, "v1.2.0.mod");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "module example.com/evil\n");
        Assert.Equal(404, (await silo.GetAsync("/cached-only" + Small.Stem + ".mod")).Status);
        Assert.Equal(Small.GoMod, (await silo.GetAsync(Small.Stem + ".mod")).Body);
        Assert.Equal(Small.GoMod, File.ReadAllBytes(path));
    }

    private static async Task<TestSilo> FilledAsync()
    {
        var silo = await TestSilo.StartAsync(("Upstreams:BreakerThreshold", "1000"));
        silo.Add(Small, Large, OtherLarge);
        foreach (var module in (SiloModule[])[Small, Large, OtherLarge])
        {
            foreach (var ending in (string[])[".info", ".mod", ".zip"])
                Assert.Equal(200, (await silo.GetAsync(module.Stem + ending)).Status);
        }

        return silo;
    }

    private static string FileOf(TestSilo silo, string name) => $"{silo.Data}/modules/example.com/lib/@v/{name}";
}
