using System.Collections.Immutable;
using System.Globalization;
using ProxyCluster.Benchmarks.Trace.Sources;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Silos;
using ProxyCluster.Storage;

namespace ProxyCluster.Benchmarks.Trace;

/// <summary>
/// Plays a trace from its first request to its last on one thread, in virtual time: nothing in it reads a clock, so the same
/// source and setup come to the same result.
/// </summary>
internal sealed class TraceRun
{
    private readonly ITraceSource _source;
    private readonly TraceSetup _setup;
    private readonly TraceCluster _cluster;
    private readonly SiloStore[] _stores;
    private readonly TraceTally _tally;
    private readonly TraceWalk _walk;
    private readonly TraceEviction _eviction;
    private readonly LossScript? _script;
    private readonly long[,] _storedByHour;

    private TraceRun(ITraceSource source, TraceSetup setup, RegionLoss? loss)
    {
        (_source, _setup) = (source, setup);
        _cluster = new TraceCluster(source, setup.Silos);
        _stores = [.. _cluster.Members.Select(_ => new SiloStore(source))];
        _tally = new TraceTally(source.Regions.Count, source.Versions, source.Hours);
        var owners = new OwnerPlaces(source.Versions, (uint)new OrleansOptions().IdleAfter.TotalSeconds, setup.IsStoreForHints);
        _walk = new TraceWalk(source, _cluster, setup, owners, _stores, _tally);
        _eviction = new TraceEviction(_stores, new StorageOptions { MaxBytes = setup.MaxBytes });
        _script = loss is null ? null : new LossScript(loss, _cluster, owners, _walk);
        _storedByHour = new long[source.Regions.Count, source.Hours];
    }

    /// <summary>Plays it.</summary>
    public static TraceResult Play(ITraceSource source, TraceSetup setup, RegionLoss? loss, string words)
    {
        var run = new TraceRun(source, setup, loss);
        run.Play();
        return run.Result(words);
    }

    private void Play()
    {
        var (look, hour) = (0U, 0);
        foreach (var request in _source.Requests())
        {
            // 1. What happens by itself until then.
            for (; look + TraceEviction.LookEvery <= request.Time; look += TraceEviction.LookEvery)
                _eviction.Look(look + TraceEviction.LookEvery);
            for (; (hour + 1) * 3600 <= request.Time; hour++)
                NoteStored(hour);
            _script?.RunUntil(request.Time);

            // 2. The request.
            _walk.Answer(request, look);
        }

        for (; hour < _source.Hours; hour++)
            NoteStored(hour);
    }

    private void NoteStored(int hour)
    {
        for (var silo = 0; silo < _stores.Length; silo++)
            _storedByHour[_cluster.RegionOf(silo), hour] += _stores[silo].Taken;
    }

    private TraceResult Result(string words)
    {
        var regions = _source.Regions.Select((name, region) => ResultOf(name, region)).ToImmutableArray();
        return new TraceResult
        {
            Source = words,
            Setup = _setup,
            Versions = _source.Versions,
            All = ByOrigin.Sum(regions.Select(static region => region.All)),
            AnsweredAway = _tally.AnsweredAway,
            AskedAgain = _tally.AskedAgain,
            Regions = regions,
            BytesBetween = [.. regions.Select((_, from) => regions.Select((_, to) => _tally.Bytes(from, to)).ToImmutableArray())],
            OwnerCalls = CallsOf(_tally.OwnerCalls),
            CopyCalls = CallsOf(_tally.CopyCalls),
            Activations = _tally.Activations,
            Silos = [.. _stores.Select((store, silo) => new SiloResult(_cluster.Members[silo].Id, store.Taken, store.Artifacts, store.Evicted))],
            Events = [.. _script?.Events.Select(static happened => string.Create(CultureInfo.InvariantCulture, $"{TimeSpan.FromSeconds(happened.Time):d\\.hh\\:mm\\:ss} {happened.Words}")) ?? []],
        };
    }

    private RegionResult ResultOf(string name, int region)
    {
        var hours = Enumerable.Range(0, _source.Hours).Select(hour => Of(origin => _tally.Requests(region, hour, origin))).ToImmutableArray();
        var silos = Enumerable.Range(0, _stores.Length).Where(silo => _cluster.RegionOf(silo) == region).Select(silo => _stores[silo]).ToList();
        return new RegionResult(
            name,
            ByOrigin.Sum(hours),
            Of(origin => _tally.Requests(region, ArtifactKind.Info, origin)),
            Of(origin => _tally.Requests(region, ArtifactKind.Mod, origin)),
            Of(origin => _tally.Requests(region, ArtifactKind.Zip, origin)),
            _tally.UpstreamAsked[region],
            _tally.UpstreamBytes[region],
            silos.Sum(static store => store.Taken),
            silos.Sum(static store => store.Evicted),
            hours,
            [.. Enumerable.Range(0, _source.Hours).Select(hour => _storedByHour[region, hour])]);
    }

    private static ByOrigin Of(Func<Origin, long> count) =>
        new(count(Origin.Local), count(Origin.Peer), count(Origin.Upstream), count(Origin.Nowhere));

    private static Calls CallsOf(long[] counts) =>
        new(counts[(int)Reach.Silo], counts[(int)Reach.Region], counts[(int)Reach.Ocean]);
}
