using System.Diagnostics;
using System.Globalization;
using ProxyCluster.Clustering;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Orleans.Benchmarks;
using ProxyCluster.Orleans.Grains;
using ProxyCluster.Ownership;
using ProxyCluster.Peers;

// What it costs to learn from the owner that a stored module version is there, by each engine's way of asking. One caller
// after the other, then 64 at once; the median of seven rounds.
const int Calls = 4000;
const int Rounds = 7;
const int AtOnce = 64;

await using var plain = await TwoMembers.StartAsync(orleans: false);
await using var grains = await TwoMembers.StartAsync(orleans: true);
var module = plain.Sample.Module;

// The owner is the first member in both worlds: it was asked first.
await plain.First.Get<ClusterOwner>().EnsureAsync(module, ArtifactKind.Mod, AskLevel.Home, CancellationToken.None);
var placed = (await grains.First.Get<GrainCalls>().HaveAsync(module, ArtifactKind.Mod, static () => { }, CancellationToken.None)).Value.Member;
var (host, other) = placed == grains.First.Engine.Self!.Id ? (grains.First, grains.Second) : (grains.Second, grains.First);

var ways = new (string Name, Func<Task> Ask)[]
{
    ("local engine: the owner is this silo", () => plain.First.Get<ClusterOwner>().EnsureAsync(module, ArtifactKind.Mod, AskLevel.Home, CancellationToken.None)),
    ("etcd engine: signed call of the owner's silo", () => AskPeerAsync(plain.Second, plain.First)),
    ("orleans engine: the grain lives in this silo", () => HaveAsync(host)),
    ("orleans engine: the grain lives in another silo", () => HaveAsync(other)),
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

async Task HaveAsync(PlainMember member)
{
    var had = await member.Get<GrainCalls>().HaveAsync(module, ArtifactKind.Mod, static () => { }, CancellationToken.None);
    if (had.Failure is { } failure)
        throw new InvalidOperationException(failure.ToString());
}

async Task AskPeerAsync(PlainMember from, PlainMember to)
{
    var sent = await from.Get<PeerCalls>().SendAsync(
        to.Engine.Self!, HttpMethod.Get, PeerTarget.Artifact(module, ArtifactKind.Mod, AskLevel.Home), null, CancellationToken.None);
    using var response = sent.Value;
    await response.Content.ReadAsByteArrayAsync();
}

async Task OneByOneAsync(Func<Task> ask)
{
    for (var n = 0; n < Calls; n++)
        await ask();
}

Task AtOnceAsync(Func<Task> ask) => Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => Task.Run(async () =>
{
    for (var n = 0; n < Calls / AtOnce; n++)
        await ask();
})));

async Task<double> MedianAsync(Func<Task> round)
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
