using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using ProxyCluster.GoModules.Names;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.EndToEnd.CrashAndConcurrency;

/// <summary><c>kill -9</c> loses nothing that was acknowledged and leaves nothing half-visible.</summary>
[Trait("Needs", "corpus")]
public sealed class CrashTests
{
    private const int Kills = 50;
    private const int RequestsAtOnce = 8;

    [Fact]
    public async Task Store_KilledFiftyTimesDuringIngest_KeepsAllThatWasAcknowledgedAndIsClean()
    {
        var random = new Random(4711);
        await using var system = await TestSystem.StartAsync(withProxy: false);
        var artifacts = Artifacts(system);
        var acknowledged = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        var interrupted = 0;

        for (var kill = 0; kill < Kills; kill++)
        {
            // Eight clients that each ask for one artifact after the other until the process is gone.
            await using var proxy = ProxyProcess.StartWithoutWaiting(system.Settings);
            if (kill % 10 == 9)
            {
                // One in ten dies somewhere in its start, where leftovers of the one before are swept.
                await Task.Delay(random.Next(50, 600), TestContext.Current.CancellationToken);
                await proxy.KillAsync();
                continue;
            }

            await proxy.ReadyAsync();
            random.Shuffle(artifacts);
            var asked = new ConcurrentQueue<string>(artifacts.Where(a => !acknowledged.ContainsKey(a)));
            var answers = Enumerable.Range(0, RequestsAtOnce).Select(_ => AskUntilGoneAsync(proxy, asked, acknowledged)).ToList();

            // By progress and not by time alone: the first answers of a process come as soon as its machine lets it.
            var enough = acknowledged.Count + random.Next(1, 4);
            for (var waited = 0; waited < 200 && acknowledged.Count < enough; waited++)
                await Task.Delay(10, TestContext.Current.CancellationToken);
            await Task.Delay(random.Next(1, 100), TestContext.Current.CancellationToken);
            await proxy.KillAsync();
            interrupted += (await Task.WhenAll(answers)).Count(i => i);
        }

        Assert.True(interrupted >= Kills, $"only {interrupted} requests were interrupted; this ingest was too easy");
        Assert.True(acknowledged.Count >= Kills, $"only {acknowledged.Count} artifacts were acknowledged");

        // A last start sweeps what the last kill left.
        await system.StartProxyAsync();
        Assert.Empty(HalfWritten.In(system.Data));
        system.Upstream.StopListening();
        await system.Database.StopAsync();
        foreach (var (path, digest) in acknowledged)
            Assert.Equal(digest, Digest(await system.Proxy.Http.GetByteArrayAsync(path, TestContext.Current.CancellationToken)));
        Assert.Equal(0, await system.Proxy.StopAsync());

        var verified = await ProxyProcess.VerifyAsync(system.Data);
        Assert.True(verified.ExitCode == 0, verified.Output + verified.Errors);
        var summary = JsonDocument.Parse(verified.Output).RootElement;
        Assert.Equal(0, summary.GetProperty("problems").GetArrayLength());
        Assert.True(summary.GetProperty("artifacts").GetInt32() >= acknowledged.Count);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(system.Data, "quarantine")));
    }

    /// <summary>True if a request of this client was under way when the process went.</summary>
    private static async Task<bool> AskUntilGoneAsync(
        ProxyProcess proxy, ConcurrentQueue<string> asked, ConcurrentDictionary<string, string> acknowledged)
    {
        while (asked.TryDequeue(out var path))
        {
            try
            {
                using var answer = await proxy.Http.GetAsync(path, TestContext.Current.CancellationToken);
                var body = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
                Assert.True(answer.IsSuccessStatusCode, $"{path} was answered {(int)answer.StatusCode}");
                acknowledged[path] = Digest(body);
            }
            catch (HttpRequestException)
            {
                return true;
            }
        }

        return false;
    }

    // Of every real module version the three artifacts, save the few huge zips: a kill must find many different ones.
    private static string[] Artifacts(TestSystem system) =>
    [
        .. system.Corpus.Modules.Where(m => m.Kind == "real")
            .SelectMany(m => m.Versions.Select(v => $"{ModulePath.Parse(m.Path).Escaped}/@v/{v}"))
            .SelectMany(p => (string[])[p + ".info", p + ".mod", p + ".zip"])
            .Where(p => new FileInfo(Path.Combine(system.Corpus.Tree, p)) is { Exists: true, Length: < 2 << 20 }),
    ];

    private static string Digest(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
