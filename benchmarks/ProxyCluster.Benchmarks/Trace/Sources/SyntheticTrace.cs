using System.Globalization;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Benchmarks.Trace.Sources;

/// <summary>What a synthetic trace looks like.</summary>
/// <param name="Regions">Regions, spread evenly around the world.</param>
/// <param name="Versions">Module versions, published before the trace or during it.</param>
/// <param name="Hours">How long it takes.</param>
/// <param name="Rate">Requests per second of a region, averaged over a day.</param>
/// <param name="Zipf">Exponent of popularity.</param>
/// <param name="Shared">Part of the requests that follow the popularity that all regions share; the rest is each region's own.</param>
/// <param name="Seed">Another one, another trace.</param>
internal sealed record SyntheticShape(int Regions, int Versions, int Hours, double Rate, double Zipf, double Shared, ulong Seed);

/// <summary>
/// Requests as build farms make them: popularity by Zipf's law, days and nights by each region's clock, releases that
/// everybody wants within the hour, and farms whose agents all start at once with empty module caches.
/// </summary>
internal sealed class SyntheticTrace : ITraceSource
{
    private const int Step = 10;
    private const int StepsPerHour = 3600 / Step;

    // A working day's peak is three times what its night is.
    private const double DayAndNight = 0.5, BusiestHour = 14;

    // What a build asks for most is go.mod files of module versions that it does not take.
    private const double Mods = 0.6, Zips = 0.25;

    // A release is wanted by one request in 20 at first, and by a third of that 20 minutes later.
    private const int ReleaseEvery = 6 * StepsPerHour;
    private const double Wanted = 0.05, FadesIn = 20 * 60 / Step;

    // 200 agents build a program of 127 module versions.
    private const int HerdEvery = 4 * StepsPerHour, Agents = 200, Graph = 127;

    private readonly SyntheticShape _shape;
    private readonly ZipfSampler _popularity;

    public SyntheticTrace(SyntheticShape shape)
    {
        _shape = shape;
        _popularity = new ZipfSampler(shape.Versions, shape.Zipf);
        string[] known = ["tokyo", "frankfurt", "sanjose"];
        Regions =
        [
            .. Enumerable.Range(0, shape.Regions).Select(number =>
                number < known.Length ? known[number] : string.Create(CultureInfo.InvariantCulture, $"region{number + 1}")),
        ];
    }

    public IReadOnlyList<string> Regions { get; }

    public int Versions => _shape.Versions;

    public int Hours => _shape.Hours;

    public string NameOf(int version) => string.Create(CultureInfo.InvariantCulture, $"example.com/m{version}@v1.0.0");

    public long SizeOf(int version, ArtifactKind kind) => UsualSizes.Of(version, kind);

    public IEnumerable<TraceRequest> Requests()
    {
        var random = new TraceRandom(_shape.Seed);
        var counts = new int[Regions.Count];
        for (var step = 0; step < _shape.Hours * StepsPerHour; step++)
        {
            for (var region = 0; region < counts.Length; region++)
                counts[region] = Whole(_shape.Rate * Step * Busy(step, region), ref random);

            // Second by second, and in each of them region by region.
            for (var second = 0; second < Step; second++)
            {
                for (var region = 0; region < counts.Length; region++)
                {
                    var end = counts[region] * (second + 1) / Step;
                    for (var i = counts[region] * second / Step; i < end; i++)
                        yield return Draw((uint)((step * Step) + second), region, step, ref random);
                }
            }

            if (step % HerdEvery == HerdEvery / 2)
            {
                foreach (var request in Herd(step, random.Next()))
                    yield return request;
            }
        }
    }

    private TraceRequest Draw(uint time, int region, int step, ref TraceRandom random)
    {
        var release = step / ReleaseEvery;
        var isRelease = random.NextDouble() < Wanted * Math.Exp(-(step - (release * ReleaseEvery)) / FadesIn);
        var version = isRelease ? ReleasedAs(release) : Popular(region, ref random);
        var kind = random.NextDouble() switch
        {
            < Mods => ArtifactKind.Mod,
            < Mods + Zips => ArtifactKind.Zip,
            _ => ArtifactKind.Info,
        };
        return new TraceRequest(time, region, version, kind, (uint)random.Next());
    }

    // One farm of one region; its agents ask the same in the same order, side by side.
    private IEnumerable<TraceRequest> Herd(int step, ulong seed)
    {
        var random = new TraceRandom(seed);
        var region = random.NextBelow(Regions.Count);
        var graph = new int[Graph];
        for (var i = 0; i < graph.Length; i++)
            graph[i] = Popular(region, ref random);

        var time = (uint)((step * Step) + Step - 1);
        foreach (var kind in (ArtifactKind[])[ArtifactKind.Mod, ArtifactKind.Zip])
        {
            foreach (var version in graph)
            {
                for (var agent = 0U; agent < Agents; agent++)
                    yield return new TraceRequest(time, region, version, kind, agent);
            }
        }
    }

    private int Popular(int region, ref TraceRandom random)
    {
        var isShared = random.NextDouble() < _shape.Shared;
        var rank = _popularity.Next(ref random);
        return isShared ? rank : (int)((rank + ((region + 1L) * Versions / (Regions.Count + 1))) % Versions);
    }

    // Nobody has heard of it before: the least popular ones.
    private int ReleasedAs(int release) => Versions - 1 - (release % Versions);

    private double Busy(int step, int region)
    {
        var hour = ((double)step / StepsPerHour) + (24.0 * region / Regions.Count);
        return 1 + (DayAndNight * Math.Cos(2 * Math.PI * (hour - BusiestHour) / 24));
    }

    private static int Whole(double count, ref TraceRandom random) => (int)(count + random.NextDouble());
}
