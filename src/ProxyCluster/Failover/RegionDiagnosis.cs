using System.Collections.Immutable;
using System.Globalization;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Failover;

/// <summary>How bad a symptom is; of two regions that fail at once, the worse goes first.</summary>
internal enum Severity
{
    /// <summary>None.</summary>
    None,

    /// <summary>Requests or fetches fail.</summary>
    Rates,

    /// <summary>Most of its silos cannot be used.</summary>
    Silos,

    /// <summary>It has no silo.</summary>
    Empty,
}

/// <summary>Which of the rates is meant, where <see cref="Severity.Rates"/> is the matter.</summary>
internal enum Rate
{
    /// <summary>None.</summary>
    None,

    /// <summary>Requests that fail here.</summary>
    Errors,

    /// <summary>Requests upstream that fail.</summary>
    Fetches,

    /// <summary>Queries that come to nothing.</summary>
    Queries,

    /// <summary>Answers that were here.</summary>
    Hits,
}

/// <summary>What is the matter with a region.</summary>
/// <param name="Severity">How bad.</param>
/// <param name="Words">Why, in words.</param>
/// <param name="IsFailing">It has lasted for its time.</param>
/// <param name="Rate">The rate that it is.</param>
internal sealed record Symptom(Severity Severity, string Words, bool IsFailing, Rate Rate = Rate.None);

/// <summary>
/// One region as its members' reports and leases show it now: a pure reading, without a look at its state in the table.
/// </summary>
/// <param name="Region">Its name.</param>
/// <param name="Worst">The worst symptom; null when it is well.</param>
/// <param name="Alert">What calls for an alert; null for nothing.</param>
/// <param name="IsSilent">Most of its silos hold a lease and are late with their reports.</param>
/// <param name="Silos">Live silos.</param>
/// <param name="IsQuiet">Every silo reports, under the present table, that it has nothing in flight.</param>
/// <param name="Traffic">The figures of all its members.</param>
/// <param name="Lasting">Those of a longer time.</param>
/// <param name="Troubled">The modules that suffer most, most first.</param>
/// <param name="Memory">What to remember of it.</param>
internal sealed record RegionDiagnosis(
    string Region,
    Symptom? Worst,
    string? Alert,
    bool IsSilent,
    int Silos,
    bool IsQuiet,
    TrafficHealth Traffic,
    LastingTraffic Lasting,
    ImmutableArray<string> Troubled,
    RegionMemory Memory)
{
    private static readonly TimeSpan TroubledFor = TimeSpan.FromMinutes(1);

    /// <summary>Has it asked enough to say so, and does it well in this?</summary>
    public bool DoesWell(Rate rate, FailoverOptions options) => rate switch
    {
        Rate.Errors => Memory.ErrorsSince is null,
        Rate.Queries => Traffic.Queries >= options.MinQueries && Memory.QueryFailuresSince is null,
        Rate.Hits => HasHits(Lasting, options) && !IsLow(Lasting, options),
        _ => Traffic.Fetches >= options.MinFetches && Memory.FetchFailuresSince is null,
    };

    /// <summary>
    /// Reads one region. A silo is unfit when it is silent or its store fails; the region is ill when most of its silos
    /// are, or when the rates that its members report add up to more than is allowed.
    /// </summary>
    public static RegionDiagnosis Of(string region, RegionMemory before, FailoverMemory known, FailoverInput input, FailoverOptions options)
    {
        var members = input.Members.Where(member => member.Region == region).ToList();
        var silos = members.Where(static member => member.IsSilo).ToList();
        var reports = members
            .Select(member => input.Reports.GetValueOrDefault(member.Id))
            .OfType<Heard>()
            .Where(heard => input.Now - heard.At < options.FailedAfter)
            .Select(static heard => heard.Report)
            .ToList();
        var traffic = reports.Aggregate(new TrafficHealth(), static (sum, report) => sum.Plus(report.Traffic))
            .WithoutTheLoudest(options);
        var lasting = reports.Aggregate(new LastingTraffic(), static (sum, report) => sum.Plus(report.Lasting));

        // Breakers alone are no symptom: one may be open on one silo. They are when most silos have nobody left to ask.
        var isCutOff = traffic.KeptBack >= options.MinFetches && reports.Count(IsCutOff) * 2 > silos.Count;
        var memory = WithRates(before, traffic, lasting, isCutOff, input.Now, options);

        var states = silos.Select(silo => SiloFitness.Of(silo.Id, known, input, options)).ToList();
        var symptoms = new[]
        {
            OfSilos(states, options),
            OfRates(memory, traffic, lasting, isCutOff, input.Now, options),
        }.OfType<Symptom>();
        return new RegionDiagnosis(
            region,
            symptoms.MaxBy(static symptom => (symptom.IsFailing, symptom.Severity)),
            AlertOrNull(memory, states, input.Now, options),
            silos.Count > 0 && states.Count(state => state.Silence >= options.SuspectAfter) * 2 > silos.Count,
            silos.Count,
            silos.TrueForAll(silo => IsQuietSilo(input.Reports.GetValueOrDefault(silo.Id), input.Table.Epoch)),
            traffic,
            lasting,
            TroubledOf(region, input),
            memory);
    }

    // Of a region that is gone, what its members said last.
    private static ImmutableArray<string> TroubledOf(string region, FailoverInput input)
    {
        var sums = input.Reports.Values
            .Where(heard => heard.Report.Region == region && input.Now - heard.At < TroubledFor)
            .Aggregate(ImmutableSortedDictionary<string, long>.Empty, static (sum, heard) => TrafficHealth.Sum(sum, heard.Report.Troubled));
        return [.. TroubledModules.Most(sums).Select(static one => one.Key)];
    }

    private static bool HasHits(LastingTraffic lasting, FailoverOptions options) =>
        lasting.Window >= options.HitRatioFor.TotalSeconds && lasting.Last.Asked >= options.MinHitRequests;

    private static bool IsLow(LastingTraffic lasting, FailoverOptions options) => lasting.HitRatio < options.HitRatio;

    private static bool IsQuietSilo(Heard? heard, long epoch) =>
        heard is { Report: { InFlight: 0, PendingCopies: 0 } report } && report.Epoch >= epoch;

    private static bool IsCutOff(HealthReport report) =>
        report.Upstreams.Length > 0 && report.Upstreams.All(static upstream => !upstream.IsReachable);

    private static RegionMemory WithRates(
        RegionMemory memory, TrafficHealth traffic, LastingTraffic lasting, bool isCutOff, TimeSpan now, FailoverOptions options)
    {
        var tooManyErrors = traffic.Requests >= options.MinRequests && traffic.ErrorRate >= options.ErrorRate;
        var tooManyFailures = isCutOff || (traffic.Fetches >= options.MinFetches && traffic.FetchFailureRate >= options.FetchFailureRate);
        var tooManyLost = traffic.Queries >= options.MinQueries && traffic.QueryFailureRate >= options.QueryFailureRate;
        var isRising = options.FetchFailureRise == 0 || (lasting.Last.FetchFailures > 0 && lasting.FetchFailureRise >= options.FetchFailureRise);
        return memory with
        {
            ErrorsSince = tooManyErrors ? memory.ErrorsSince ?? now : null,
            FetchFailuresSince = tooManyFailures ? memory.FetchFailuresSince ?? now : null,
            QueryFailuresSince = tooManyLost ? memory.QueryFailuresSince ?? now : null,
            HasLostHits = HasHits(lasting, options) && IsLow(lasting, options) && (memory.HasLostHits || isRising),
        };
    }

    private static Symptom? OfSilos(List<SiloFitness> silos, FailoverOptions options)
    {
        if (silos.Count == 0)
            return new Symptom(Severity.Empty, "it has no live silo", true);

        // Most of the region decides: what one silo in three suffers, the other two make up for within the request.
        var majority = (silos.Count / 2) + 1;
        var unfit = silos.Where(static silo => silo.IsDoubtful).ToList();
        if (unfit.Count < majority)
            return null;
        var silent = unfit.Count(silo => silo.Silence >= options.SuspectAfter);
        var words = string.Join(" and ", new[]
        {
            silent > 0
                ? string.Create(CultureInfo.InvariantCulture, $"{silent} of {silos.Count} silos sent no report for {unfit.Max(static silo => silo.Silence).TotalSeconds:0.0} s")
                : null,
            unfit.Find(static silo => silo.StoreTrouble is not null) is { StoreTrouble: var trouble }
                ? string.Create(CultureInfo.InvariantCulture, $"the store failed on {unfit.Count(static silo => silo.StoreTrouble is not null)} of {silos.Count} silos ({trouble})")
                : null,
        }.OfType<string>());
        return new Symptom(Severity.Silos, words, silos.Count(static silo => silo.IsFailed) >= majority);
    }

    private static Symptom? OfRates(
        RegionMemory memory, TrafficHealth traffic, LastingTraffic lasting, bool isCutOff, TimeSpan now, FailoverOptions options)
    {
        Symptom? errors = memory.ErrorsSince is { } erring && options.ErrorAction == TriggerAction.Fail
            ? new Symptom(
                Severity.Rates,
                string.Create(CultureInfo.InvariantCulture, $"{traffic.ErrorRate:P0} of {traffic.Requests} requests failed"),
                now - erring >= options.ErrorsFor,
                Rate.Errors)
            : null;
        Symptom? fetches = memory.FetchFailuresSince is { } failing && options.FetchAction == TriggerAction.Fail
            ? new Symptom(
                Severity.Rates,
                isCutOff
                    ? "most of its silos can reach no upstream"
                    : string.Create(CultureInfo.InvariantCulture, $"{traffic.FetchFailureRate:P0} of {traffic.Fetches} requests upstream failed"),
                now - failing >= options.FetchFailuresFor,
                Rate.Fetches)
            : null;
        Symptom? queries = memory.QueryFailuresSince is { } losing && options.QueryAction == TriggerAction.Fail
            ? new Symptom(
                Severity.Rates,
                string.Create(CultureInfo.InvariantCulture, $"{traffic.QueryFailureRate:P0} of {traffic.Queries} queries failed"),
                now - losing >= options.QueryFailuresFor,
                Rate.Queries)
            : null;
        Symptom? hits = memory.HasLostHits && options.HitRatioAction == TriggerAction.Fail
            ? new Symptom(
                Severity.Rates,
                string.Create(CultureInfo.InvariantCulture, $"{lasting.HitRatio:P0} of {lasting.Last.Asked} answers were here: {LostHits(options)}"),
                true,
                Rate.Hits)
            : null;
        return new[] { errors, fetches, queries, hits }.OfType<Symptom>().MaxBy(static symptom => symptom.IsFailing);
    }

    // The words name no measured figure: an alert that stands must read the same at every look.
    private static string? AlertOrNull(
        RegionMemory memory, List<SiloFitness> silos, TimeSpan now, FailoverOptions options)
    {
        if (options.StoreAction == TriggerAction.Alert && silos.Count(static silo => silo.IsStoreFailed) * 2 > silos.Count)
            return "the store fails on most silos";
        if (options.ErrorAction == TriggerAction.Alert && now - memory.ErrorsSince >= options.ErrorsFor)
            return string.Create(CultureInfo.InvariantCulture, $"more than {options.ErrorRate:P0} of requests fail");
        if (options.FetchAction == TriggerAction.Alert && now - memory.FetchFailuresSince >= options.FetchFailuresFor)
            return string.Create(CultureInfo.InvariantCulture, $"more than {options.FetchFailureRate:P0} of requests upstream fail");
        if (options.QueryAction == TriggerAction.Alert && now - memory.QueryFailuresSince >= options.QueryFailuresFor)
            return string.Create(CultureInfo.InvariantCulture, $"more than {options.QueryFailureRate:P0} of queries fail");
        return options.HitRatioAction == TriggerAction.Alert && memory.HasLostHits ? LostHits(options) : null;
    }

    private static string LostHits(FailoverOptions options) => string.Create(
        CultureInfo.InvariantCulture,
        $"the hit ratio has been under {options.HitRatio:P0} for {options.HitRatioFor.TotalMinutes:0.#} min{(options.FetchFailureRise > 0 ? " while upstream failures rose" : "")}");
}

/// <summary>How fit one silo is.</summary>
/// <param name="Silence">Time since it was last heard.</param>
/// <param name="StoreTrouble">What its store says; null when that works.</param>
/// <param name="IsStoreFailed">Its store has failed for its time.</param>
/// <param name="IsDoubtful">Something is wrong with it.</param>
/// <param name="IsFailed">Something has been wrong for long enough.</param>
internal sealed record SiloFitness(TimeSpan Silence, string? StoreTrouble, bool IsStoreFailed, bool IsDoubtful, bool IsFailed)
{
    /// <summary>Reads one silo.</summary>
    public static SiloFitness Of(string id, FailoverMemory known, FailoverInput input, FailoverOptions options)
    {
        var heard = input.Reports.GetValueOrDefault(id);
        var silo = known.Silos[id];
        var silence = input.Now - Latest(known.ListeningSince, silo.FirstSeen, heard?.At ?? TimeSpan.MinValue);
        var isStoreFailed = input.Now - silo.StoreFailingSince >= options.StoreFailedAfter;
        var counts = options.StoreAction == TriggerAction.Fail;
        return new SiloFitness(
            silence,
            counts && silo.StoreFailingSince is not null ? heard?.Report.Store?.Trouble ?? "no answer" : null,
            isStoreFailed,
            silence >= options.SuspectAfter || (counts && silo.StoreFailingSince is not null),
            silence >= options.FailedAfter || (counts && isStoreFailed));
    }

    private static TimeSpan Latest(params ReadOnlySpan<TimeSpan> times)
    {
        var latest = TimeSpan.MinValue;
        foreach (var time in times)
            latest = time > latest ? time : latest;
        return latest;
    }
}
