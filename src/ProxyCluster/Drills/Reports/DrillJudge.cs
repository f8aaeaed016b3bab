using System.Collections.Immutable;
using ProxyCluster.Drills.Load;
using ProxyCluster.Drills.Topology;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Drills.Reports;

/// <summary>From what was measured to what is reported: a pure function.</summary>
internal static class DrillJudge
{
    private const int MaxRemarks = 20;

    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(250);

    // Traffic has been moved when everybody acts on it, and what was under way then has had its turn.
    private static readonly TimeSpan AfterReroute = TimeSpan.FromSeconds(1);

    /// <summary>Draws up the report.</summary>
    public static DrillReport Judge(DrillSettings settings, DrillFindings found, int moduleVersions, DateTimeOffset time)
    {
        var ill = found.Answers.Where(static answer => answer.Ending != Ending.Ok).ToList();
        var duplicates = (found.Sent ?? []).Where(static sent => sent.Value > 1).ToList();
        var switched = (found.Rerouted ?? found.Detected ?? found.Inject) + AfterReroute;
        var report = new DrillReport
        {
            Scenario = settings.Scenario.Name,
            Summary = settings.Scenario.Summary,
            Time = time,
            Version = BuildInfo.Version,
            Region = settings.Region,
            Store = found.Store?.ToString().ToLowerInvariant(),
            Rate = settings.Rate,
            Seed = settings.Seed,
            ModuleVersions = moduleVersions,
            Requests = found.Answers.Length,
            Failed = ill.Count(static answer => answer.Ending == Ending.Failed),
            Unobtainable = ill.Count(static answer => answer.Ending == Ending.Unobtainable),
            WrongBytes = ill.Count(static answer => answer.Ending == Ending.Wrong),
            SecondDoor = found.Answers.Count(static answer => answer is { Ending: Ending.Ok, Doors: > 1 }),
            FailuresByCause = ill.GroupBy(static answer => $"{answer.Ending.ToString().ToLowerInvariant()}: {answer.Cause}")
                .ToImmutableSortedDictionary(static cause => cause.Key, static cause => cause.Count(), StringComparer.Ordinal),
            DetectMs = Ms(found.Detected - found.Inject),
            RerouteMs = Ms(found.Rerouted - found.Detected),
            RecoverMs = Ms(found.Recovered - found.Heal),
            ObjectsLost = found.Lost.Length,
            UpstreamFetchesPerArtifactMax = found.Sent?.Select(static sent => sent.Value).DefaultIfEmpty().Max(),
            DuplicateUpstreamFetches = found.Sent is null ? null : duplicates.Count,
            LatencyMs = new PhaseLatencies(
                Within(found, TimeSpan.Zero, found.Inject),
                Within(found, found.Inject, found.Heal),
                Within(found, found.Inject, switched < found.Heal ? switched : found.Heal),
                Within(found, found.Heal, found.End)),
            GoRuns = found.Go.Count,
            GoRepeated = found.Go.Repeated,
            GoFailures = found.Go.Failures.Length,
            MomentsMs = new DrillMoments(
                found.Inject.TotalMilliseconds, Ms(found.Detected), Ms(found.Rerouted), found.Heal.TotalMilliseconds, Ms(found.Recovered), found.End.TotalMilliseconds),
            States = [.. found.Changes.Select(static change => new StateAt(change.At.TotalMilliseconds, change.Region, change.State))],
            Timeline = [.. Slices(found)],
            Remarks =
            [
                .. Expected(settings, found),
                .. ill.Where(static answer => answer.Ending is Ending.Failed or Ending.Wrong).Take(MaxRemarks).Select(static answer =>
                    FormattableString.Invariant(
                        $"{answer.At.TotalMilliseconds:0} ms, {answer.Region}, {answer.Asked}: {answer.Cause} after {answer.Took.TotalMilliseconds:0} ms at {answer.Doors} front ends")),
                .. found.Lost.Take(MaxRemarks).Select(static lost => $"lost: {lost}"),
                .. duplicates.OrderByDescending(static sent => sent.Value).Take(MaxRemarks)
                    .Select(static sent => FormattableString.Invariant($"upstream sent {sent.Key} {sent.Value} times")),
                .. found.Go.Failures.Take(MaxRemarks).Select(static said => $"go: {said}"),
            ],
        };
        return report with { Thresholds = [.. ThresholdsOf(settings, report)] };
    }

    // Known and written down, and all the same not what a region's loss should look like: the thresholds stay broken.
    private static IEnumerable<string> Expected(DrillSettings settings, DrillFindings found) =>
        settings.Scenario.TakesStore && found is { Store: not StoreKind.Etcd and not null, Detected: null }
            ? ["expected on this store: it died with the region, and without it nobody can agree that the region failed; on etcd this drill passes"]
            : [];

    private static IEnumerable<Threshold> ThresholdsOf(DrillSettings settings, DrillReport report)
    {
        var limits = settings.Thresholds;
        yield return AtMost("failed requests", limits.MaxFailed, report.Failed);
        yield return AtMost("wrong bytes", 0, report.WrongBytes);
        yield return AtMost("objects lost", 0, report.ObjectsLost);
        yield return AtMost("failed go runs", 0, report.GoFailures);
        if (settings.Scenario.IsDetected is not null)
            yield return AtMost("time to detect, ms", limits.MaxDetect.TotalMilliseconds, report.DetectMs);
        if (settings.Scenario.IsRerouted is not null)
            yield return AtMost("time to re-route, ms", limits.MaxReroute.TotalMilliseconds, report.RerouteMs);
        yield return AtMost("time to recover, ms", limits.MaxRecover.TotalMilliseconds, report.RecoverMs);
        if (limits.MaxP99 is { } p99)
            yield return AtMost("p99 during, ms", p99.TotalMilliseconds, report.LatencyMs.During.P99);
    }

    private static Threshold AtMost(string name, double limit, double? value) => new(name, limit, value, value <= limit);

    private static LatencySummary Within(DrillFindings found, TimeSpan from, TimeSpan to) => LatencySummary.Of(
        found.Answers.Where(answer => answer.Ending == Ending.Ok && answer.At >= from && answer.At < to).Select(static answer => answer.Took));

    private static IEnumerable<TimelineSlice> Slices(DrillFindings found) => found.Answers
        .GroupBy(static answer => answer.At.Ticks / Slice.Ticks)
        .OrderBy(static slice => slice.Key)
        .Select(static slice =>
        {
            var ok = LatencySummary.Of(slice.Where(static answer => answer.Ending == Ending.Ok).Select(static answer => answer.Took));
            return new TimelineSlice(
                (slice.Key * Slice).TotalMilliseconds,
                ok.Count,
                slice.Count(static answer => answer.Ending is Ending.Failed or Ending.Wrong),
                slice.Count(static answer => answer.Ending == Ending.Unobtainable),
                ok.P50,
                ok.P99);
        });

    private static double? Ms(TimeSpan? time) => time is { } value ? Math.Round(value.TotalMilliseconds) : null;
}
