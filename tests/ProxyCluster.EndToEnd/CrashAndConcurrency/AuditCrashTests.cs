using System.Globalization;
using ProxyCluster.Audit;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.EndToEnd.CrashAndConcurrency;

/// <summary><c>kill -9</c> under load: what the audit log has acknowledged is there, and its chain is whole.</summary>
[Trait("Needs", "corpus")]
public sealed class AuditCrashTests
{
    private const string Path = "golang.org/x/text/@v/v0.7.0.mod";
    private const int Clients = 8;

    private static int Kills => int.Parse(Environment.GetEnvironmentVariable("PROXYCLUSTER_TESTS_AUDIT_KILLS") ?? "4", CultureInfo.InvariantCulture);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AuditLog_KilledUnderLoad_KeepsAllThatWasAcknowledged()
    {
        var random = new Random(4712);
        await using var system = await TestSystem.StartAsync(withProxy: false);
        var settings = system.Settings with { MoreArguments = ["--set", "Audit:Downloads=true", "--set", "Audit:MaxFileBytes=200KiB", "--set", "Audit:GatherFor=5ms"] };
        var directory = System.IO.Path.Combine(system.Data, "audit");
        var (acknowledged, torn) = (0L, 0);
        for (var kill = 0; kill < Kills; kill++)
        {
            await using var proxy = await ProxyProcess.StartAsync(settings);
            var load = Enumerable.Range(0, Clients).Select(_ => AskUntilGoneAsync(proxy)).ToList();

            // What it says to have, in the middle of more; then it has no time for anything.
            var enough = random.Next(200, 3000);
            var said = 0d;
            await Waiting.UntilAsync(async () => (said = await proxy.MetricAsync("proxycluster_audit_lines_total")) >= enough, $"{enough} lines are acknowledged");
            await proxy.KillAsync();
            await Task.WhenAll(load);

            acknowledged += (long)said;
            torn += AuditVerification.Run(directory, []).Unfinished > 0 ? 1 : 0;
            var last = AuditVerification.Run(directory, []).Last.Sequence;
            Assert.True(last - FirstOfLife(directory) + 1 >= said, $"kill {kill}: {said} lines were acknowledged, and the log ends at {last}");
        }

        // A last start cuts off what the last kill left.
        await using (var again = await ProxyProcess.StartAsync(settings))
            Assert.Equal(0, await again.StopAsync());
        var verified = AuditVerification.Run(directory, []);
        Assert.True(verified.Problems.Count == 0, string.Join('\n', verified.Problems));
        Assert.True(verified.Last.Sequence >= acknowledged);
        TestContext.Current.TestOutputHelper?.WriteLine($"{Kills} kills, {acknowledged} lines acknowledged, {verified.Last.Sequence} in {verified.Files} files, {torn} torn tails");
    }

    // A process that begins a log says first which one it is.
    private static long FirstOfLife(string directory) =>
        AuditReader.Read(directory, new AuditFilter { Decision = "start" }, new AuditAddresses(null)).Last().Seq is var start && start == 2 ? 1 : start;

    private static async Task AskUntilGoneAsync(ProxyProcess proxy)
    {
        try
        {
            while (true)
                await proxy.Http.GetByteArrayAsync(Path, Cancel);
        }
        catch (HttpRequestException)
        {
            // It is gone.
        }
    }
}
