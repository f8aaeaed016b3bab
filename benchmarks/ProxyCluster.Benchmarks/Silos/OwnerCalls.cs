using System.Diagnostics;
using System.Globalization;
using ProxyCluster.Clustering;
using ProxyCluster.Gate;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Grains;
using ProxyCluster.Lines;
using ProxyCluster.Walk;

namespace ProxyCluster.Benchmarks.Silos;

/// <summary>
/// What it costs to learn from the owner that a stored module version is there, by each engine's way of asking. One caller
/// after the other, then 64 at once; the median of seven rounds.
/// </summary>
internal static class OwnerCalls
{
    private const int Calls = 4000;
    private const int Rounds = 7;
    private const int AtOnce = 64;

    public static async Task RunAsync()
    {
        await using var plain = await TwoMembers.StartAsync(orleans: false);
        await using var grains = await TwoMembers.StartAsync(orleans: true);
        var module = plain.Sample.Module;

        // The owner is the first member in both worlds: it was asked first.
        await plain.First.Get<ArtifactOwner>().HaveAsync(Ask.ForArtifact(module, ArtifactKind.Mod, AskLevel.Home, Door.Member, "bench"), CancellationToken.None);
        var placed = (await grains.First.Get<GrainCalls>().HaveAsync(module, ArtifactKind.Mod, static () => { }, CancellationToken.None)).Member;
        var (host, other) = placed == grains.First.Engine.Self!.Id ? (grains.First, grains.Second) : (grains.Second, grains.First);

        var ways = new (string Name, Func<Task> Ask)[]
        {
            ("the owner is this silo, without a grain", () => plain.First.Get<ArtifactOwner>().HaveAsync(Ask.ForArtifact(module, ArtifactKind.Mod, AskLevel.Home, Door.Member, "bench"), CancellationToken.None)),
            ("signed call of the owner's silo over HTTP", () => AskPeerAsync(module, plain.Second, plain.First)),
            ("the grain lives in this silo", () => HaveAsync(module, host)),
            ("the grain lives in another silo", () => HaveAsync(module, other)),
        };
        var floor = 0d;
        Console.WriteLine($"{"",-50}{"µs a call",12}{"ratio",8}{$"calls/s, {AtOnce} at once",24}");
        foreach (var (name, ask) in ways)
        {
            await OneByOneAsync(ask);
            await AtOnceAsync(ask);
            var micros = await MedianAsync(() => OneByOneAsync(ask)) * 1e6 / Calls;
            var rate = Calls / await MedianAsync(() => AtOnceAsync(ask));
            floor = floor == 0 ? micros : floor;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-50}{micros,12:F1}{micros / floor,8:F1}{rate,24:F0}"));
        }
    }

    private static async Task HaveAsync(ModuleVersion module, PlainMember member)
    {
        var had = await member.Get<GrainCalls>().HaveAsync(module, ArtifactKind.Mod, static () => { }, CancellationToken.None);
        if (had.Outcome.Failure is { } failure)
            throw new InvalidOperationException(failure.ToString());
    }

    private static async Task AskPeerAsync(ModuleVersion module, PlainMember from, PlainMember to)
    {
        var sent = await from.Get<PeerCalls>().SendAsync(
            to.Engine.Self!, HttpMethod.Get, PeerTarget.Artifact(module, ArtifactKind.Mod, AskLevel.Home), null, CancellationToken.None);
        using var response = sent.Value;
        await response.Content.ReadAsByteArrayAsync();
    }

    private static async Task OneByOneAsync(Func<Task> ask)
    {
        for (var n = 0; n < Calls; n++)
            await ask();
    }

    private static Task AtOnceAsync(Func<Task> ask) => Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => Task.Run(async () =>
    {
        for (var n = 0; n < Calls / AtOnce; n++)
            await ask();
    })));

    private static async Task<double> MedianAsync(Func<Task> round)
    {
        var seconds = new double[Rounds];
        for (var n = 0; n < Rounds; n++)
        {
            var started = Stopwatch.GetTimestamp();
            await round();
            seconds[n] = Stopwatch.GetElapsedTime(started).TotalSeconds;
        }

        Array.Sort(seconds);
        return seconds[Rounds / 2];
    }
}
