using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Clustering;
using ProxyCluster.Clustering.Local;
using ProxyCluster.Files;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Lines;
using ProxyCluster.Storage;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Silo;

/// <summary>What goes when the store has reached its cap, what stays, and what a client sees of it: nothing but a miss.</summary>
public class EvictionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // Four of these are below a cap of 2 MiB, and below its low-water mark; five are above.
    private static readonly SiloModule[] Modules = [.. Enumerable.Range(0, 5).Select(i =>
        SiloModule.Pack("example.com/lib", $"v1.{i}.0", 450_000 + i))];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // Begins now: the times of files are real ones, and uses must be told from them after a restart.
    private readonly ManualTimeProvider _clock = new(TimeProvider.System.GetUtcNow());

    [Fact]
    public async Task Commit_OverTheCap_RemovesWhatWasNotUsedForTheLongest()
    {
        await using var silo = await StartAsync();
        await FetchAsync(silo, 0, 1, 2, 3);
        await FetchAsync(silo, 0);
        await FetchAsync(silo, 4);
        Assert.Equal([0, 2, 3, 4], Stored(silo));

        // The record stays, says so, and nothing is missing from the store's own point of view.
        Assert.NotNull(silo.RecordOf(Modules[1])!.Zip!.Evicted);
        Assert.Equal(Modules[1].ZipH1, silo.RecordOf(Modules[1])!.ZipH1);
        Assert.Null(silo.RecordOf(Modules[0])!.Zip!.Evicted);
        var verified = await silo.Services.GetRequiredService<StoreVerification>().RunAsync(
            new Dictionary<string, GoModules.Notes.VerifierKey>(), fault => Assert.Fail(fault.What), _ => { }, _ => { }, Cancellation);
        Assert.Equal((5, 4), (verified.Records, verified.Artifacts));

        // The next one who asks gets it, as a miss.
        Assert.Equal(1, silo.Upstream.Requests(Modules[1].Stem + ".zip"));
        var again = await silo.GetAsync(Modules[1].Stem + ".zip");
        Assert.Equal(("MISS", 200), (again["X-Cache"], again.Status));
        Assert.Equal(Modules[1].Zip, again.Body);
        Assert.Null(silo.RecordOf(Modules[1])!.Zip!.Evicted);
    }

    [Fact]
    public async Task Commit_OfWhatIsBeingUsed_StaysThoughItIsTheOldest()
    {
        await using var silo = await StartAsync();
        foreach (var i in (int[])[0, 1, 2, 3, 4])
            Assert.Equal(200, (await silo.GetAsync(Modules[i].Stem + ".zip")).Status);
        await LookAsync(silo);

        // Everybody was just told that these are stored, and is about to open them.
        Assert.Equal([0, 1, 2, 3, 4], Stored(silo));
        _clock.Advance(TimeSpan.FromMinutes(2));
        await LookAsync(silo);
        Assert.Equal(4, Stored(silo).Count);
    }

    [Fact]
    public async Task Evict_WhileAClientReads_TheClientReadsToTheEnd()
    {
        var large = SiloModule.Pack("example.com/large", "v1.0.0", 1_900_000);

        // The reader reads nothing for as long as this machine takes for the rest, and while the clock is set on by half an
        // hour: neither must count as too slow.
        await using var silo = await StartAsync(("Http:MinBodyBytesPerSecond", "1"), ("Http:StallTimeout", "1h"));
        silo.Add(large);
        using var reader = await RawConnection.OpenAsync(silo.Address, receiveBuffer: 4096);
        await reader.SendAsync(RawConnection.Head("GET", large.Stem + ".zip"));
        Assert.Equal(200, (await reader.ReadHeadAsync()).Status);
        var first = await reader.ReadBytesAsync(1000);

        await LookAsync(silo);
        _clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(200, (await silo.GetAsync(Modules[0].Stem + ".zip")).Status);
        await LookAsync(silo);
        Assert.False(File.Exists(ZipOf(silo, large)));
        var rest = await reader.ReadBytesAsync(large.Zip.Length - first.Length);
        Assert.Equal(large.Zip, (byte[])[.. first, .. rest]);
    }

    [Fact]
    public async Task Use_BeforeARestart_CountsAfterIt()
    {
        await using var silo = await StartAsync();
        await FetchAsync(silo, 0, 1, 2, 3);
        await FetchAsync(silo, 1, 3, 2, 0);
        await silo.StopAsync();
        await silo.StartAgainAsync();
        await silo.Services.GetRequiredService<Eviction>().Indexed.WaitAsync(Patience, Cancellation);
        await FetchAsync(silo, 4);
        Assert.Equal([0, 2, 3, 4], Stored(silo));

        // The files themselves were not touched: what was proven about them still holds.
        Assert.Equal(0, silo.Log.Lines.Count(line => line.Contains("no longer matched", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task FetchAgain_OfWhatUpstreamHasChanged_IsRefused()
    {
        await using var silo = await StartAsync(("Verification:NoSumDb", "example.com"), ("Storage:KeepPatterns", "none"));
        await FetchAsync(silo, 0, 1, 2, 3, 4);
        Assert.Equal([1, 2, 3, 4], Stored(silo));

        silo.Upstream.Put(Modules[0].Stem + ".zip", SiloModule.Pack("example.com/lib", "v1.0.0", 100).Zip);
        var moved = await silo.GetAsync(Modules[0].Stem + ".zip");
        Assert.Equal((502, "checksum-mismatch"), (moved.Status, moved["X-ProxyCluster-Cause"]));
    }

    [Theory]
    [InlineData("Verification:Private", "example.com/*")]
    [InlineData("Verification:NoSumDb", "example.com")]
    [InlineData("Storage:KeepPatterns", "example.com/lib")]
    public async Task PrivateModule_OnTheOnlySilo_IsNeverEvicted(string key, string patterns)
    {
        var other = SiloModule.Pack("example.org/other", "v1.0.0", 450_000);
        await using var silo = await StartAsync((key, patterns));
        silo.Add(other);
        await FetchAsync(silo, 0, 1, 2, 3);
        Assert.Equal(200, (await silo.GetAsync(other.Stem + ".zip")).Status);
        await LookAsync(silo);
        _clock.Advance(TimeSpan.FromHours(1));
        await FetchAsync(silo, 4);

        // The younger one goes instead; and above the cap, everything stays.
        Assert.False(File.Exists(ZipOf(silo, other)));
        _clock.Advance(TimeSpan.FromHours(1));
        await LookAsync(silo);
        Assert.Equal([0, 1, 2, 3, 4], Stored(silo));
        Assert.Contains(silo.Log.Lines, line => line.Contains("bytes short", StringComparison.Ordinal));
    }

    [Fact]
    public async Task PrivateModule_OnTwoSilos_LeavesOneOfThemAndNeverBoth()
    {
        var cluster = new LocalCluster();
        var secret = SiloModule.Pack("example.com/secret", "v1.0.0", 900_000);
        await using var one = await StartAsync(cluster, ("Storage:MaxBytes", "1MiB"), ("Verification:Private", "example.com"));
        await using var two = await StartAsync(cluster, ("Storage:MaxBytes", "1MiB"), ("Verification:Private", "example.com"));
        one.Add(secret);
        two.Add(secret);
        foreach (var silo in (TestSilo[])[one, two])
        {
            var answer = await silo.GetAsync(secret.Stem + ".zip");
            Assert.Equal(secret.Zip, answer.Body);
        }

        _clock.Advance(TimeSpan.FromHours(1));
        foreach (var silo in (TestSilo[])[one, two])
            Assert.Equal(200, (await silo.GetAsync(Modules[0].Stem + ".zip")).Status);
        for (var i = 0; i < 5; i++)
        {
            await Task.WhenAll(LookAsync(one), LookAsync(two));
            _clock.Advance(TimeSpan.FromMinutes(2));
        }

        var home = OwnerOrder.For(secret.Module.ToString(), one.Services.GetRequiredService<ClusterSelf>().View)[0];
        var (keeper, other) = home.Id == one.Services.GetRequiredService<ClusterSelf>().Member.Id ? (one, two) : (two, one);
        Assert.True(File.Exists(ZipOf(keeper, secret)));
        Assert.False(File.Exists(ZipOf(other, secret)));

        // Who let go has it back from the one who kept it: upstream may be gone for good.
        one.Upstream.StopListening();
        two.Upstream.StopListening();
        Assert.Equal(secret.Zip, (await other.GetAsync(secret.Stem + ".zip")).Body);
    }

    [Fact]
    public async Task Holds_AskedOverTheClusterPath_TakesTheBytesNotTheRecordForTheAnswer()
    {
        var cluster = new LocalCluster();
        var secret = SiloModule.Pack("example.com/secret", "v1.0.0", 900_000);
        await using var one = await StartAsync(cluster);
        await using var two = await StartAsync(cluster);
        one.Add(secret);
        two.Add(secret);
        Assert.Equal(200, (await one.GetAsync(secret.Stem + ".zip")).Status);
        var stored = one.RecordOf(secret)!.Zip!;

        // An answer is as good as a promise: for a while nobody's round takes the copy away that somebody relies on.
        _clock.Advance(TimeSpan.FromHours(1));
        var store = one.Services.GetRequiredService<DiskStore>();
        var cold = StoreIndex.SecondsOf(_clock.GetUtcNow() - EvictionRules.Grace);
        await LookAsync(one);
        Assert.Equal(200, await AskAsync(stored.Sha256));
        Assert.Equal(0, await store.EvictAsync(secret.Module, ArtifactKind.Zip, cold, Cancellation));
        Assert.Equal(404, await AskAsync(GoModules.Digest.Of([1, 2, 3])));
        File.WriteAllBytes(ZipOf(one, secret), new byte[stored.Size]);
        Assert.Equal(404, await AskAsync(stored.Sha256));

        async Task<int> AskAsync(GoModules.Digest sha256)
        {
            var sent = await two.Services.GetRequiredService<PeerCalls>().SendAsync(
                one.Services.GetRequiredService<ClusterSelf>().Member, HttpMethod.Get,
                PeerTarget.Holds(secret.Module, ArtifactKind.Zip, sha256), null, Cancellation);
            Assert.True(sent.TryGet(out var response, out var failure), failure?.Message);
            using (response)
                return (int)response.StatusCode;
        }
    }

    [Fact]
    public async Task Metrics_OfTheStore_FollowCommitsAndEvictions()
    {
        await using var silo = await StartAsync();
        await FetchAsync(silo, 0, 1, 2, 3, 4);
        Assert.Equal(200, (await silo.GetAsync(Modules[4].Stem + ".mod")).Status);
        var metrics = (await silo.GetAsync("/metrics")).Text;
        var index = silo.Services.GetRequiredService<StoreIndex>();
        Assert.Equal(Modules[1..].Sum(m => BoundedFiles.OnDisk(m.Zip.Length)) + BoundedFiles.OnDisk(Modules[4].GoMod.Length), index.Taken);
        Assert.InRange(index.Beside, 4096, 100_000);
        Assert.Contains("proxycluster_store_artifacts{artifact=\"zip\"} 4\n", metrics, StringComparison.Ordinal);
        Assert.Contains("proxycluster_store_artifacts{artifact=\"mod\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains($"proxycluster_store_size_bytes{{artifact=\"zip\"}} {Modules[1..].Sum(m => m.Zip.Length)}\n", metrics, StringComparison.Ordinal);
        Assert.Contains("proxycluster_store_evictions_total{artifact=\"zip\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains(
            $"proxycluster_store_headroom_bytes{{limit=\"cap\"}} {(2 << 20) - index.Taken - index.Beside}\n",
            metrics, StringComparison.Ordinal);
        Assert.Contains("proxycluster_store_headroom_bytes{limit=\"disk\"}", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithMuchBesideTheArtifacts_BoundsItAndCountsItAgainstTheCap()
    {
        await using var silo = await StartAsync();
        await FetchAsync(silo, 0, 1, 2, 3);
        await silo.StopAsync();
        var old = new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        foreach (var (directory, ending) in (ReadOnlySpan<(string, string)>)[("queries/example.com/a/@q", ".info"), ("queries/example.com/b/@q", ""), ("sumdb/old/lookup", ""), ("sumdb/old/tile/8/data/000.p", "")])
        {
            Directory.CreateDirectory(Path.Combine(silo.Data, directory));
            for (var i = 0; i < 200; i++)
            {
                var file = Path.Combine(silo.Data, directory, i + ending);
                File.WriteAllText(file, "old");
                File.SetLastWriteTimeUtc(file, old);
            }
        }

        // The newest of what was set aside stays, whatever it weighs.
        File.WriteAllBytes(Path.Combine(silo.Data, "quarantine", "20200101T000000000-a-lib"), new byte[400_000]);
        File.WriteAllBytes(Path.Combine(silo.Data, "quarantine", "20210101T000000000-b-lib"), new byte[400_000]);
        await silo.StartAgainAsync();
        await silo.Services.GetRequiredService<Eviction>().Indexed.WaitAsync(Patience, Cancellation);
        await LookAsync(silo);
        await silo.Services.GetRequiredService<ProxyCluster.Verification.ProofDirectory>().Files.Trimmed;
        await silo.Services.GetRequiredService<ProxyCluster.Queries.QueryDisk>().Trimmed;
        await LookAsync(silo);

        const int Share = (2 << 20) / 10 / 4096;
        Assert.InRange(FilesIn("queries"), Share / 2, Share);
        Assert.InRange(FilesIn("sumdb"), Share / 2, Share + 2);
        Assert.Equal(1, FilesIn("quarantine"));
        Assert.InRange(silo.Services.GetRequiredService<StoreIndex>().Beside, 400_000, 400_000 + 2 * (Share + 3) * 4096);
        Assert.Equal(2, Stored(silo).Count);

        int FilesIn(string name) => Directory.GetFiles(Path.Combine(silo.Data, name), "*", SearchOption.AllDirectories).Length;
    }

    private Task<TestSilo> StartAsync(params (string, string)[] settings) => StartAsync(new LocalCluster(), settings);

    private async Task<TestSilo> StartAsync(LocalCluster cluster, params (string, string)[] settings)
    {
        var silo = await TestSilo.StartAsync(
            services => services.AddSingleton<TimeProvider>(_clock).AddSingleton(cluster),
            [("Cluster:Engine", "local"), ("Storage:MaxBytes", "2MiB"), .. settings]);
        await silo.Services.GetRequiredService<Eviction>().Indexed.WaitAsync(Patience, Cancellation);
        silo.Add(Modules);
        return silo;
    }

    // One after the other, an hour apart, with a look after each.
    private async Task FetchAsync(TestSilo silo, params int[] modules)
    {
        foreach (var i in modules)
        {
            await LookAsync(silo);
            var answer = await silo.GetAsync(Modules[i].Stem + ".zip");
            Assert.Equal(Modules[i].Zip, answer.Body);
            await LookAsync(silo);
            _clock.Advance(TimeSpan.FromHours(1));
        }
    }

    private static Task LookAsync(TestSilo silo) =>
        silo.Services.GetRequiredService<Eviction>().LookAsync(Cancellation).WaitAsync(Patience, Cancellation);

    private static List<int> Stored(TestSilo silo) =>
        [.. Enumerable.Range(0, Modules.Length).Where(i => File.Exists(ZipOf(silo, Modules[i])))];

    private static string ZipOf(TestSilo silo, SiloModule module) => $"{silo.Data}/modules{module.Stem}.zip";
}
