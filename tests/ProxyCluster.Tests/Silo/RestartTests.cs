using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Verification;
using ProxyCluster.Walk;

namespace ProxyCluster.Tests.Silo;

/// <summary>What a silo has after a stop, a crash or a change of its settings, with nobody outside to ask.</summary>
public class RestartTests
{
    private static readonly string[] Served =
    [
        .. FilledSilo.All.SelectMany(module => (string[])[module.Stem + ".info", module.Stem + ".mod", module.Stem + ".zip"]),
        "/example.com/lib/@v/list",
        "/example.com/lib/@latest",
        "/example.com/lib/@v/main.info",
        "/sumdb/sumdb.test/go/supported",
        "/sumdb/sumdb.test/go/latest",
        "/sumdb/sumdb.test/go/lookup/example.org/!mod@v1.5.0",
        "/sumdb/sumdb.test/go/tile/8/0/000",
        "/sumdb/sumdb.test/go/tile/8/1/000.p/2",
    ];

    [Fact]
    public async Task Start_WithUpstreamAndDatabaseDown_ServesAllThatItHad()
    {
        await using var silo = await FilledSilo.StartAsync();
        var before = new Dictionary<string, RawAnswer>();
        foreach (var path in Served)
        {
            before[path] = await silo.GetAsync(path);
            Assert.True(before[path].Status == 200, $"{path}: {before[path].Text}");
        }

        await silo.StopAsync();
        silo.Upstream.StopListening();
        silo.Database.Instead = static (context, _) =>
        {
            context.Abort();
            return Task.FromResult(true);
        };
        var asked = silo.Database.Paths.Count;
        await silo.StartAgainAsync();
        foreach (var path in Served)
        {
            var after = await silo.GetAsync(path);
            Assert.True(after.Status == 200, $"{path}: {after.Text}");
            Assert.Equal(before[path].Body, after.Body);
            Assert.Equal(before[path]["ETag"], after["ETag"]);
        }

        // Only the latest tree is worth a question to a database that may have grown.
        Assert.All(silo.Database.Paths.Skip(asked), path => Assert.Equal("latest", path));
    }

    [Fact]
    public async Task Start_AfterAKill_SweepsWhatWasHalfWritten()
    {
        await using var silo = await FilledSilo.StartAsync();
        Assert.Equal(200, (await silo.GetAsync(FilledSilo.Lib.Stem + ".mod")).Status);
        await silo.StopAsync();
        string[] left = [.. ((string[])["zip-0123", "record-4567", "query-89ab", "probe-cdef"]).Select(name => $"{silo.Data}/tmp/{name}")];
        foreach (var path in left)
            File.WriteAllText(path, "half");
        File.WriteAllBytes($"{silo.Data}/modules{FilledSilo.Lib.Stem}.zip", FilledSilo.Lib.Zip[..^5]);

        await silo.StartAgainAsync();
        Assert.DoesNotContain(left, File.Exists);
        Assert.Equal("HIT", (await silo.GetAsync(FilledSilo.Lib.Stem + ".mod"))["X-Cache"]);

        // Renamed, but not yet named by the record: nobody sees it, and the next commit takes its place.
        Assert.Equal(404, (await silo.GetAsync("/cached-only" + FilledSilo.Lib.Stem + ".zip")).Status);
        Assert.Equal(FilledSilo.Lib.Zip, (await silo.GetAsync(FilledSilo.Lib.Stem + ".zip")).Body);
    }

    [Fact]
    public async Task Start_WithoutTheNoSumPatternOfBefore_ProvesBeforeItServes()
    {
        await using var silo = await FilledSilo.StartAsync(("Verification:NoSumDb", "example.com"));
        foreach (var ending in (string[])[".info", ".mod", ".zip"])
            Assert.Equal(200, (await silo.GetAsync(FilledSilo.Lib.Stem + ending)).Status);
        Assert.Equal(VerificationKind.NoSumPattern, silo.RecordOf(FilledSilo.Lib)!.VerifiedBy!.Kind);
        await silo.StopAsync();

        // The database is down: what nothing has proven is not served any more.
        silo.Configure(("Verification:NoSumDb", "example.org"));
        silo.Database.Instead = static (context, _) =>
        {
            context.Abort();
            return Task.FromResult(true);
        };
        await silo.StartAgainAsync();
        var refused = await silo.GetAsync(FilledSilo.Lib.Stem + ".zip");
        Assert.Equal((503, "checksum-database-unavailable"), (refused.Status, refused["X-ProxyCluster-Cause"]));

        // It is back: the proof is enough, the bytes need no upstream.
        silo.Database.Instead = static (_, _) => Task.FromResult(false);
        silo.Upstream.StopListening();
        Assert.Equal(FilledSilo.Lib.Zip, (await silo.GetAsync(FilledSilo.Lib.Stem + ".zip")).Body);
        Assert.Equal(FilledSilo.Lib.GoMod, (await silo.GetAsync(FilledSilo.Lib.Stem + ".mod")).Body);
        var by = silo.RecordOf(FilledSilo.Lib)!.VerifiedBy!;
        Assert.Equal((VerificationKind.ChecksumDatabase, "sumdb.test/go"), (by.Kind, by.Authority));
    }

    [Fact]
    public async Task Start_WithoutTheNoSumPattern_RefusesWhatTheDatabaseContradicts()
    {
        var moved = SiloModule.Pack("example.com/lib", "v1.2.0", 100);
        await using var silo = await FilledSilo.StartAsync(("Verification:NoSumDb", "example.com"));
        silo.Upstream.Put(moved.Stem + ".zip", moved.Zip);
        Assert.Equal(moved.Zip, (await silo.GetAsync(moved.Stem + ".zip")).Body);
        await silo.StopAsync();
        silo.Configure(("Verification:NoSumDb", "example.org"));
        await silo.StartAgainAsync();
        var refused = await silo.GetAsync(moved.Stem + ".zip");
        Assert.Equal((502, "checksum-mismatch"), (refused.Status, refused["X-ProxyCluster-Cause"]));
    }

    [Theory]
    [InlineData(".mod", ".zip")]
    [InlineData(".zip", ".mod")]
    public async Task Start_WithoutTheNoSumPattern_ServesNoZipThatTheDatabaseDoesNotName(string first, string second)
    {
        var bare = SiloModule.Pack("example.com/bare", "v1.0.0");
        await using var silo = await FilledSilo.StartAsync(("Verification:NoSumDb", "example.com"));
        silo.Upstream.Put(bare.Stem + ".mod", bare.GoMod);
        silo.Upstream.Put(bare.Stem + ".zip", bare.Zip);
        silo.Database.Database.Append(bare.Module, $"{bare.Module.Path} {bare.Module.Version}/go.mod {bare.GoModH1}\n");
        foreach (var ending in (string[])[".mod", ".zip"])
            Assert.Equal(200, (await silo.GetAsync(bare.Stem + ending)).Status);
        await silo.StopAsync();
        silo.Configure(("Verification:NoSumDb", "example.org"));
        await silo.StartAgainAsync();

        foreach (var ending in (string[])[first, second, first])
        {
            var answer = await silo.GetAsync(bare.Stem + ending);
            Assert.Equal(ending == ".mod" ? (200, null) : (502, "checksum-unknown"), (answer.Status, answer["X-ProxyCluster-Cause"]));
        }

        // Whoever wants the pattern back finds the pin of the first fetch where it was.
        await silo.StopAsync();
        silo.Configure(("Verification:NoSumDb", "example.com"));
        silo.Upstream.StopListening();
        await silo.StartAgainAsync();
        Assert.Equal("HIT", (await silo.GetAsync(bare.Stem + ".zip"))["X-Cache"]);
    }

    [Theory]
    [InlineData(".mod")]
    [InlineData(".zip")]
    public async Task Start_WithoutTheNoSumPattern_WhatAnotherQuestionLoadedIsJudgedBeforeItIsServed(string ending)
    {
        // 1. Bytes that no database proves, pinned by a pattern.
        var moved = SiloModule.Pack("example.com/lib", "v1.2.0", 100);
        await using var silo = await FilledSilo.StartAsync(("Verification:NoSumDb", "example.com"));
        silo.Upstream.Put(moved.Stem + ".zip", moved.Zip);
        silo.Upstream.Put(moved.Stem + ".mod", "module example.com/lib\n\ngo 1.3\n"u8.ToArray());
        Assert.Equal(200, (await silo.GetAsync(moved.Stem + ending)).Status);
        await silo.StopAsync();

        // 2. Without the pattern; a member asks whether this silo holds them, and so they are in memory.
        silo.Configure(("Verification:NoSumDb", "example.org"));
        await silo.StartAgainAsync();
        var kind = ending == ".mod" ? ArtifactKind.Mod : ArtifactKind.Zip;
        var held = silo.RecordOf(moved)!.ArtifactOrNull(kind)!;
        Assert.True(await silo.Services.GetRequiredService<ArtifactWalk>().HoldsAsync(moved.Module, kind, held.Sha256, TestContext.Current.CancellationToken));

        // 3. Nobody gets them, by whichever way.
        foreach (var prefix in (string[])["", "/cached-only"])
        {
            var refused = await silo.GetAsync(prefix + moved.Stem + ending);
            Assert.Equal(prefix.Length == 0 ? (502, "checksum-mismatch") : (404, "not-cached"), (refused.Status, refused["X-ProxyCluster-Cause"]));
        }
    }

    [Fact]
    public async Task Mirror_OfANameThatIsNotConfigured_Is404()
    {
        await using var silo = await FilledSilo.StartAsync();
        foreach (var path in (string[])["supported", "latest", "lookup/example.org/mod@v1.0.0", "tile/8/0/000"])
        {
            var answer = await silo.GetAsync("/sumdb/sum.elsewhere.test/" + path);
            Assert.Equal((path, 404), (path, answer.Status));
        }

        Assert.Empty(silo.Database.Paths);
    }
}
