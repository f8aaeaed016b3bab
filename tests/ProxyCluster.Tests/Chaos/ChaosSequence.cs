using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.Names;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.Tests.Chaos;

/// <summary>
/// One sequence of faults, drawn from a seed, with requests in between, and a model that knows for each request whether its
/// answer could be had. After every step: right bytes or an honest 5xx, an answer wherever one could be had, one order of
/// epochs. In the end everything is healed save upstream, and whatever a client once got must still be served in every
/// region, if one disk has kept it; then upstream is well too, and what is new is fetched once.
/// </summary>
internal sealed class ChaosSequence(int seed, ChaosCluster cluster, int first)
{
    /// <summary>Modules of a world that a sequence uses up, two versions each; the last one in the end.</summary>
    public const int Modules = 4;

    private const int Played = (Modules - 1) * 2;

    // The least that any engine's members are set to.
    private static readonly TimeSpan HedgeDelay = TimeSpan.FromSeconds(1);

    private static readonly ArtifactKind[] Kinds = [ArtifactKind.Info, ArtifactKind.Mod, ArtifactKind.Zip];

    private readonly Random _random = new(seed);
    private readonly List<string> _steps = [];
    private readonly HashSet<(int Module, ArtifactKind Kind)> _acknowledged = [];
    private readonly HashSet<(int Module, ArtifactKind Kind)> _inVain = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private bool _isUpstreamWell = true;
    private bool _isEngineLost;

    private IEnumerable<int> Own => Enumerable.Range(first, Played);

    /// <summary>What was done so far, for whoever has to understand a failure.</summary>
    public string Story => $"seed {seed}:\n  " + string.Join("\n  ", _steps);

    /// <summary>Requests made, and those that had to be answered.</summary>
    public (int All, int Due) Requests { get; private set; }

    /// <summary>Plays the sequence, to a cluster that is well again; an exception says which invariant broke.</summary>
    public async Task RunAsync()
    {
        for (var i = 0; i < cluster.Engine.Steps; i++)
        {
            await StepAsync();
            Assert.Empty(cluster.Epochs.Violations);
        }

        await HealAsync();
        await ServeWhatWasKeptAsync();
        await FetchOnceAsync();
        Assert.Empty(cluster.Epochs.Violations);
    }

    private Task StepAsync() => _random.Next(cluster.Engine.HasLines ? 24 : 20) switch
    {
        < 8 => AskAsync(),
        < 11 => KillAsync(),
        < 13 => ReviveAsync(),
        < 14 => DamageAsync(),
        < 16 => SourUpstreamAsync(),
        < 18 => OrderAsync(),
        < 19 => EngineAsync(),
        < 20 => _random.Next(2) == 0 ? VerifyAsync() : ClockAsync(),
        < 22 => FreezeAsync(),
        _ => CutOffAsync(),
    };

    private async Task AskAsync()
    {
        var front = Pick(cluster.FrontEnds.Where(static member => member.IsWell));
        var wanted = Enumerable.Range(0, _random.Next(1, 5))
            .Select(_ => (Module: Pick(Own), Kind: Pick(Kinds))).ToList();
        Tell($"ask {front.Name} for {string.Join(' ', wanted.Select(static one => $"{one.Module}.{one.Kind}"))}");
        await Task.WhenAll(wanted.Select(one => AskAsync(front, one.Module, one.Kind)));
        await AskListAsync(front, wanted[0].Module);
    }

    private async Task AskAsync(ChaosMember front, int module, ArtifactKind kind)
    {
        var before = CanBeHad(front, module, kind);
        using var answer = await cluster.Http.GetAsync(new Uri(front.Url!, Path(module, kind)), TestContext.Current.CancellationToken);
        var body = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        var isDue = before && CanBeHad(front, module, kind);
        var isOldWord = false;
        lock (_steps)
        {
            // Who asks for what is still worked on hears how that ended, if it began while upstream was away. Once.
            if (answer.StatusCode != HttpStatusCode.OK)
            {
                isOldWord = isDue && _inVain.Remove((module, kind));
                if (!isDue)
                    _inVain.Add((module, kind));
            }

            Requests = (Requests.All + 1, Requests.Due + (isDue ? 1 : 0));
            if (answer.StatusCode != HttpStatusCode.OK)
            {
                Assert.False(isDue && !isOldWord, $"{front.Name} answered {(int)answer.StatusCode} for {module}.{kind}, which could be had: {Encoding.UTF8.GetString(body)}");
                Assert.InRange((int)answer.StatusCode, 502, 504);
                Assert.True(answer.Headers.Contains("X-ProxyCluster-Cause"));
            }
            else
            {
                Assert.True(Digest.Of(body) == Right(module, kind), $"{front.Name} sent wrong bytes for {module}.{kind}");
                _acknowledged.Add((module, kind));
            }
        }

        if (isOldWord)
            await AskAsync(front, module, kind);
    }

    // Without upstream, and with the silo gone that knew the list, the stored versions are the list.
    private async Task AskListAsync(ChaosMember front, int module)
    {
        var wasWell = _isUpstreamWell;
        using var answer = await cluster.Http.GetAsync(
            new Uri(front.Url!, $"/{cluster.World.Modules[module].Module.Path.Escaped}/@v/list"), TestContext.Current.CancellationToken);
        if (answer.StatusCode != HttpStatusCode.OK)
            Assert.InRange((int)answer.StatusCode, 502, 504);
        else
        {
            var list = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            if (wasWell || list is not ("v1.0.0\n" or "v1.1.0\n"))
                Assert.Equal("v1.0.0\nv1.1.0\n", list);
        }
    }

    private async Task KillAsync()
    {
        var victim = Pick(cluster.Members.Where(static member => member.IsAlive));
        if (!CanBeSpared(victim))
            return;
        Tell($"kill {victim.Name}");
        await victim.KillAsync();
    }

    private Task FreezeAsync()
    {
        var member = Pick(cluster.Members.Where(static member => member.IsAlive));
        if (member.Life.IsFrozen)
        {
            Tell($"thaw {member.Name}");
            member.Life.Process.Thaw();
        }
        else if (CanBeSpared(member))
        {
            Tell($"freeze {member.Name}");
            member.Life.Process.Freeze();
        }

        return Task.CompletedTask;
    }

    private Task CutOffAsync()
    {
        var member = Pick(cluster.Members.Where(static member => member.IsAlive));
        if (member.Life.IsCutOff)
        {
            Tell($"the silo of {member.Name} is in touch again");
            member.Life.Reconnect();
        }
        else
        {
            Tell($"the silo of {member.Name} is cut off");
            member.Life.CutOff();
        }

        return Task.CompletedTask;
    }

    // Somebody must be left to ask, and to answer.
    private bool CanBeSpared(ChaosMember victim) =>
        cluster.Members.Any(other => other != victim && other.IsWell && other.IsSilo == victim.IsSilo);

    private async Task ReviveAsync()
    {
        if (cluster.Members.Where(static member => !member.IsAlive).ToList() is not { Count: > 0 } dead)
            return;
        var back = Pick(dead);
        if (back.IsSilo && _random.Next(3) == 0)
        {
            Tell($"start {back.Name} on an empty disk");
            Directory.Delete(back.Data, recursive: true);
        }
        else
        {
            Tell($"start {back.Name} again");
        }

        await back.StartAsync();
    }

    private Task DamageAsync()
    {
        var held = (from silo in cluster.Silos
                    from module in Own
                    from kind in Kinds
                    where silo.Holds(cluster.World.Modules[module].Module, kind, Right(module, kind))
                    select (silo, module, kind)).ToList();
        if (held.Count == 0)
            return Task.CompletedTask;
        var (victim, what, which) = Pick(held);
        var path = victim.PathOf(cluster.World.Modules[what].Module, which);
        if (_random.Next(2) == 0)
        {
            Tell($"delete {what}.{which} of {victim.Name}");
            File.Delete(path);
        }
        else
        {
            Tell($"flip a bit of {what}.{which} of {victim.Name}");
            var bytes = File.ReadAllBytes(path);
            bytes[_random.Next(bytes.Length)] ^= 1;
            File.WriteAllBytes(path, bytes);
        }

        return Task.CompletedTask;
    }

    private Task SourUpstreamAsync()
    {
        var upstream = cluster.World.Upstream;
        if (!_isUpstreamWell)
        {
            Tell("upstream is well again");
            upstream.Faults.Clear();
            upstream.Listen();
            _isUpstreamWell = true;
            return Task.CompletedTask;
        }

        switch (_random.Next(4))
        {
            case 0:
                Tell("upstream is gone");
                upstream.StopListening();
                break;
            case 1:
                Tell("upstream answers 429");
                Always(Fault.TooManyRequests(1));
                break;
            case 2:
                Tell("upstream sends web pages");
                Always(Fault.WebPage);
                break;
            default:
                Tell("upstream flips a byte of everything");
                Always(Fault.FlipByte(20), Fault.FlipByte(100));
                break;
        }

        _isUpstreamWell = false;
        return Task.CompletedTask;

        // A zip's first 80 bytes may differ without its content, and so its h1, being another.
        void Always(Fault fault, Fault? ofZips = null)
        {
            foreach (var module in Own)
            {
                foreach (var kind in Kinds)
                    upstream.Faults.Always(Path(module, kind), kind == ArtifactKind.Zip ? ofZips ?? fault : fault);
            }
        }
    }

    private async Task OrderAsync()
    {
        var by = Pick(cluster.Members.Where(static member => member.IsWell));
        var region = Pick(ChaosCluster.Regions);
        var verb = Pick(["drain", "undrain", "fail", "recover"]);
        var status = await cluster.OrderAsync(by, region, verb);
        Tell($"{verb} {region} by {by.Name}: {status}");
        Assert.Contains(status, (int[])[200, 409, 503]);
    }

    private Task EngineAsync()
    {
        Tell(_isEngineLost ? "the engine is back" : "the engine is lost");
        if (_isEngineLost)
            cluster.Engine.Restore();
        else
            cluster.Engine.Lose();
        _isEngineLost = !_isEngineLost;
        return Task.CompletedTask;
    }

    private async Task VerifyAsync()
    {
        var silo = Pick(cluster.Silos.Where(static member => member.IsWell));
        Tell($"verify {silo.Name}");
        await silo.VerifyAsync();
    }

    private Task ClockAsync()
    {
        var member = Pick(cluster.Members);
        var hours = _random.Next(2) == 0 ? 1 : -1;
        Tell(string.Create(CultureInfo.InvariantCulture, $"set the clock of {member.Name} by {hours} h"));
        member.StepClock(TimeSpan.FromHours(hours));
        return Task.CompletedTask;
    }

    private async Task HealAsync()
    {
        Tell("heal everything");
        if (_isEngineLost)
            await EngineAsync();
        if (!_isUpstreamWell)
            await SourUpstreamAsync();
        foreach (var member in cluster.Members.Where(static member => member.IsAlive))
        {
            member.Life.Process.Thaw();
            member.Life.Reconnect();
        }

        await Task.WhenAll(cluster.Members.Where(static member => !member.IsAlive).Select(static member => member.StartAsync()));
        await Waiting.UntilAsync(() => cluster.Members.All(cluster.SeesTheTruth), "everybody sees everybody");
        foreach (var region in ChaosCluster.Regions)
        {
            foreach (var verb in (string[])["undrain", "recover"])
            {
                // Who decides may have to be found anew.
                await Waiting.UntilAsync(async () => await cluster.OrderAsync(cluster.Members[0], region, verb) is 200 or 409, $"{verb} {region} is taken");
            }
        }

        await cluster.SettleAsync();
    }

    private async Task ServeWhatWasKeptAsync()
    {
        cluster.World.Upstream.StopListening();
        _isUpstreamWell = false;
        var kept = _acknowledged.Where(one => IsHeld(one.Module, one.Kind)).ToList();
        Tell($"upstream is gone for good; ask everywhere for the {kept.Count} of {_acknowledged.Count} artifacts that a disk has kept");
        foreach (var front in cluster.FrontEnds)
            await Task.WhenAll(kept.Select(one => AskAsync(front, one.Module, one.Kind)));
        // A busy machine may take a member for dead for a moment.
        await Waiting.UntilAsync(
            () => kept.All(one => CanBeHad(cluster.FrontEnds.First(), one.Module, one.Kind)), "what was kept can still be had");
    }

    // Whatever may have been before, all is well now: what nobody has asked for is fetched once, however many ask.
    private async Task FetchOnceAsync()
    {
        cluster.World.Upstream.Listen();
        _isUpstreamWell = true;
        var fresh = first + Played;
        Tell($"ask everywhere at once for {fresh}, which nobody has asked for");
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(cluster.FrontEnds.Select(front => AskAsync(front, fresh, ArtifactKind.Zip)));

        // On a machine that lets somebody wait for so long, another is asked beside it.
        var took = Stopwatch.GetElapsedTime(began);
        var fetched = cluster.World.Upstream.Requests(Path(fresh, ArtifactKind.Zip));
        Tell($"it was fetched {fetched} times");
        if (took < HedgeDelay)
            Assert.Equal(1, fetched);
    }

    // Conservative: where it says yes, the answer is due; where it says no, it may still come.
    private bool CanBeHad(ChaosMember front, int module, ArtifactKind kind)
    {
        if (front.View is not { } view || !cluster.Silos.Any(silo =>
                silo is { IsWell: true, Id: { } id } && view.FindOrNull(id)?.Address == silo.Address && view.Routing.IsUsable(silo.Region)))
            return false;
        return _isUpstreamWell || (!_isEngineLost && cluster.Members.Where(static member => member.IsAlive).All(cluster.SeesTheTruth) && IsHeld(module, kind));
    }

    private bool IsHeld(int module, ArtifactKind kind) => cluster.Silos.Any(silo =>
        silo.IsWell && silo.Holds(cluster.World.Modules[module].Module, kind, Right(module, kind)));

    private Digest Right(int module, ArtifactKind kind) => Digest.Of(cluster.World.BodyOf(Path(module, kind)[1..]).Span);

    private string Path(int module, ArtifactKind kind) => "/" + cluster.World.PathOf(module, kind switch
    {
        ArtifactKind.Info => ".info",
        ArtifactKind.Mod => ".mod",
        _ => ".zip",
    });

    private T Pick<T>(IEnumerable<T> some) => some.ToList() is var list ? list[_random.Next(list.Count)] : default!;

    private void Tell(string step) => _steps.Add(string.Create(CultureInfo.InvariantCulture, $"{_clock.Elapsed.TotalSeconds,4:0.0} s {step}"));
}
