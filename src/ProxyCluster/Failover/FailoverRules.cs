using System.Collections.Immutable;
using ProxyCluster.Routing;

namespace ProxyCluster.Failover;

/// <summary>
/// From what is observed to the next routing table: one pure function, so that every decision can be tested, replayed
/// and explained. Calling it again with the same input changes nothing.
/// <code>
///              symptom              lasts its time
///   active  ─────────────▶ suspect ────────────────▶ failed ◀── operator: fail
///     ▲  ▲    well for hold   │                        │  ▲
///     │  └────────────────────┘        hold, and well  │  │ fails again: longer hold
///     │ 100 %                                          ▼  │
///     └──────────────────────────── 30 % ◀── 10 %  recovering ◀── operator: undrain, recover
///                                                          drained ◀── operator: drain
/// </code>
/// <para>
/// <b>Promises.</b> Going out of service is as fast as the symptom is certain; coming back takes its time, and longer with
/// each failure in a row, so that no sequence of inputs makes a region flap faster than its holds. The last region in service is
/// never failed. All durations are differences of monotonic times: a step of the wall clock changes nothing.
/// </para>
/// <para>
/// <b>What moving traffic cannot help is no reason to move it.</b> A rate counts against a region only where another
/// region does better. Silence of every other region at once says more about the authority's own network; then their
/// leases decide. And an authority that stood still itself starts to listen afresh.
/// </para>
/// <para>
/// <b>The hold is waived</b> in one case: no other region in service is well, and this one is. Then an outage would be the
/// price of steadiness.
/// </para>
/// Road not taken: a score of weighted measures. It can be tuned to anything and explained to nobody.
/// </summary>
internal static class FailoverRules
{
    private const int MaxFailures = 30; // the hold has reached its bound long before

    /// <summary>Decides.</summary>
    public static FailoverDecision Next(FailoverInput input, FailoverMemory memory, FailoverOptions options)
    {
        // 1. What is there, and how it does.
        var known = Listen(input, memory, options);
        var draft = new TableDraft(input.Table, input.Wall, input.Authority, options.MaxEvents);
        foreach (var region in input.Members.Where(static member => member.IsSilo).Select(static member => member.Region).Distinct(StringComparer.Ordinal))
        {
            if (draft.FindOrNull(region) is null)
                draft.Move(region, RegionState.Active, 100, "it was seen for the first time");
        }

        var diagnoses = Diagnose(draft.Regions, known, input, options);

        // 2. What operators want.
        foreach (var (entry, diagnosis) in Pairs(draft, diagnoses))
            Obey(draft, entry, diagnosis);

        // 3. Into service before their time, if nobody there is well; then out of it, the worst first; the last one stays.
        if (!Pairs(draft, diagnoses).Any(static pair => pair.Entry.IsUsable && pair.Diagnosis.Worst is not { IsFailing: true }))
        {
            foreach (var (entry, _) in Pairs(draft, diagnoses).Where(static pair => IsHeldBack(pair.Entry) && pair.Diagnosis.Worst is null))
                draft.Move(entry.Name, RegionState.Recovering, FirstShare(options), "it is well, and no other region in service is");
        }

        foreach (var (entry, diagnosis) in Pairs(draft, diagnoses)
            .Where(static pair => pair.Entry.IsUsable && pair.Diagnosis.Worst is { IsFailing: true })
            .OrderByDescending(static pair => pair.Diagnosis.Worst!.Severity)
            .ThenBy(static pair => pair.Entry.Name, StringComparer.Ordinal))
        {
            if (draft.HasOtherInService(entry.Name))
                Fail(draft, entry, diagnosis, input.Now, options);
            else
                diagnoses = diagnoses.SetItem(entry.Name, diagnosis with { Alert = "it would be failed, but is the last region in service" });
        }

        // 4. Everything slower.
        foreach (var (entry, diagnosis) in Pairs(draft, diagnoses))
            Move(draft, entry, diagnosis, input.Now, options);
        foreach (var (entry, diagnosis) in Pairs(draft, diagnoses))
            Alert(draft, entry, diagnosis, input.Now, options);
        foreach (var (entry, diagnosis) in Pairs(draft, diagnoses))
            EndCatchingUp(draft, entry, diagnosis, input.Now, options);
        var reordered = RegionOrder.Revise(draft, diagnoses, input, options);

        // 5. What to remember.
        return new FailoverDecision(draft.Build(), known with
        {
            LastLook = input.Now,
            Regions = draft.Regions.ToImmutableDictionary(
                static entry => entry.Name,
                entry => Remember(entry, diagnoses[entry.Name].Memory, input.Now) with
                {
                    CalmSince = diagnoses[entry.Name].Alert is null ? diagnoses[entry.Name].Memory.CalmSince ?? input.Now : null,
                    OrderSince = reordered.Contains(entry.Name) ? input.Now : diagnoses[entry.Name].Memory.OrderSince,
                },
                StringComparer.Ordinal),
        });
    }

    private static IEnumerable<(RegionEntry Entry, RegionDiagnosis Diagnosis)> Pairs(
        TableDraft draft, ImmutableDictionary<string, RegionDiagnosis> diagnoses) =>
        draft.Regions.Select(entry => (entry, diagnoses[entry.Name]));

    private static FailoverMemory Listen(FailoverInput input, FailoverMemory memory, FailoverOptions options)
    {
        var stoodStill = memory.LastLook is not { } last || input.Now - last > options.PauseTolerance;
        return memory with
        {
            ListeningSince = stoodStill ? input.Now : memory.ListeningSince,
            Silos = input.Members.Where(static member => member.IsSilo).ToImmutableDictionary(
                static silo => silo.Id,
                silo => Remember(memory.Silos.GetValueOrDefault(silo.Id), input.Reports.GetValueOrDefault(silo.Id), input.Now),
                StringComparer.Ordinal),
        };
    }

    private static SiloMemory Remember(SiloMemory? before, Heard? heard, TimeSpan now) => new(
        before?.FirstSeen ?? now,
        heard?.Report.Store switch
        {
            { IsOk: false } => before?.StoreFailingSince ?? heard.At,
            { IsOk: true } => null,
            _ => before?.StoreFailingSince,
        });

    private static RegionMemory Remember(RegionEntry entry, RegionMemory memory, TimeSpan now)
    {
        var isSame = memory.State == entry.State && memory.Share == entry.Share;
        return memory with
        {
            State = entry.State,
            Share = entry.Share,
            Since = isSame ? memory.Since : now,
            InServiceSince = entry.IsUsable ? memory.InServiceSince ?? now : null,
        };
    }

    private static ImmutableDictionary<string, RegionDiagnosis> Diagnose(
        ImmutableArray<RegionEntry> regions, FailoverMemory known, FailoverInput input, FailoverOptions options)
    {
        // 1. Each by itself; what its state in the table has become is remembered first.
        var alone = regions
            .Select(entry => RegionDiagnosis.Of(
                entry.Name,
                Remember(entry, known.Regions.GetValueOrDefault(entry.Name) ?? new RegionMemory(entry.State, entry.Share, input.Now), input.Now),
                known,
                input,
                options))
            .ToList();

        // 2. Is it they, or is it me?
        var home = input.Members.FirstOrDefault(member => member.Id == input.Authority)?.Region;
        var others = alone.Where(diagnosis => diagnosis.Region != home && diagnosis.Silos > 0).ToList();
        var mayBeCutOff = others.Count > 1 && others.TrueForAll(static diagnosis => diagnosis.IsSilent);
        return alone
            .Select(diagnosis => Compare(diagnosis, regions, alone, mayBeCutOff && diagnosis.Region != home, options))
            .Select(diagnosis => diagnosis with
            {
                Memory = diagnosis.Memory with
                {
                    WellSince = diagnosis.Worst is null ? diagnosis.Memory.WellSince ?? input.Now : null,
                },
            })
            .ToImmutableDictionary(static diagnosis => diagnosis.Region, StringComparer.Ordinal);
    }

    private static RegionDiagnosis Compare(
        RegionDiagnosis diagnosis, ImmutableArray<RegionEntry> regions, List<RegionDiagnosis> all, bool mayBeCutOff, FailoverOptions options)
    {
        if (diagnosis.Worst is not { IsFailing: true } worst)
            return diagnosis;
        if (mayBeCutOff && worst.Severity == Severity.Silos)
            return diagnosis with { Worst = worst with { IsFailing = false, Words = worst.Words + ", as in every other region" } };
        if (worst.Severity != Severity.Rates || all.Exists(other => IsBetter(other, diagnosis.Region, worst.Rate, regions, options)))
            return diagnosis;
        return diagnosis with
        {
            Worst = worst with { IsFailing = false },
            Alert = diagnosis.Alert ?? "requests or fetches fail, and no other region does better",
        };
    }

    // Upstream's outage must not look like the outage of the one region that asks: whoever does better has asked too.
    private static bool IsBetter(RegionDiagnosis other, string ill, Rate rate, ImmutableArray<RegionEntry> regions, FailoverOptions options) =>
        other.Region != ill
        && regions.First(entry => entry.Name == other.Region).IsUsable
        && other.Silos > 0
        && other.DoesWell(rate, options);

    private static void Obey(TableDraft draft, RegionEntry entry, RegionDiagnosis diagnosis)
    {
        switch (entry.Intent)
        {
            case { Kind: IntentKind.Drain } when entry.State != RegionState.Drained:
                draft.Move(entry.Name, RegionState.Drained, entry.Share, entry.Intent.Reason, entry.Intent.Who);
                break;

            case { Kind: IntentKind.Drain, IsDone: false } when diagnosis.IsQuiet:
                draft.Note(
                    entry with { Intent = entry.Intent with { IsDone = true } }, RoutingEventKind.Drained, "no request and no copy is in flight any more");
                break;

            case { Kind: IntentKind.Fail } when entry.State != RegionState.Failed:
                draft.Move(entry.Name, RegionState.Failed, entry.Share, entry.Intent.Reason, entry.Intent.Who);
                break;
        }
    }

    private static void Fail(TableDraft draft, RegionEntry entry, RegionDiagnosis diagnosis, TimeSpan now, FailoverOptions options)
    {
        var isInARow = entry.Failures > 0 && now - diagnosis.Memory.InServiceSince < options.StableAfter;
        draft.Move(
            entry.Name, RegionState.Failed, entry.Share, diagnosis.Worst!.Words, null,
            next => next with { Failures = isInARow ? Math.Min(next.Failures + 1, MaxFailures) : 1 },
            diagnosis.Troubled);
    }

    // Out of service for its health, not by an operator.
    private static bool IsHeldBack(RegionEntry entry) => !entry.IsUsable && entry.Intent is null;

    private static void Move(
        TableDraft draft, RegionEntry entry, RegionDiagnosis diagnosis, TimeSpan now, FailoverOptions options)
    {
        var since = diagnosis.Memory.Since;
        var well = now - (diagnosis.Memory.WellSince ?? now);
        var here = entry.State == diagnosis.Memory.State ? now - since : TimeSpan.Zero;
        switch (entry.State)
        {
            case RegionState.Active when diagnosis.Worst is { } symptom:
                draft.Move(entry.Name, RegionState.Suspect, 100, symptom.Words);
                break;

            case RegionState.Suspect when diagnosis.Worst is null && well >= options.SuspectHold && here >= options.SuspectHold:
                draft.Move(entry.Name, RegionState.Active, 100, "it has been well again for its time");
                break;

            case RegionState.Failed or RegionState.Drained when IsHeldBack(entry) && diagnosis.Worst is null
                && here >= Hold(entry.Failures, options) && well >= options.RecoverAfter:
                draft.Move(entry.Name, RegionState.Recovering, FirstShare(options), "it has been well again for its time");
                break;

            case RegionState.Recovering when diagnosis.Worst is null && well >= options.RecoveryStep && here >= options.RecoveryStep:
                if (NextShareOrNull(entry.Share, options) is { } share)
                    draft.Move(entry.Name, RegionState.Recovering, share, "it stayed well");
                else
                    draft.Move(entry.Name, RegionState.Active, 100, "it stayed well");
                break;
        }
    }

    private static void EndCatchingUp(TableDraft draft, RegionEntry entry, RegionDiagnosis diagnosis, TimeSpan now, FailoverOptions options)
    {
        if (entry is { IsCatchingUp: true, State: RegionState.Active } && now - diagnosis.Memory.InServiceSince >= options.CatchUpFor)
            draft.Note(draft.FindOrNull(entry.Name)! with { IsCatchingUp = false }, RoutingEventKind.CaughtUp, "it has been back in service for its time");
    }

    private static void Alert(TableDraft draft, RegionEntry entry, RegionDiagnosis diagnosis, TimeSpan now, FailoverOptions options)
    {
        if (diagnosis.Alert is { } alert)
        {
            if (entry.Alert is null)
                draft.Note(draft.FindOrNull(entry.Name)! with { Alert = alert }, RoutingEventKind.Alert, alert, modules: diagnosis.Troubled);
        }
        else if (entry.Alert is { } standing && now - diagnosis.Memory.CalmSince >= options.AlertHold)
        {
            draft.Note(draft.FindOrNull(entry.Name)! with { Alert = null }, RoutingEventKind.AlertOver, $"over: {standing}");
        }
    }

    /// <summary>Least time for which a region stays failed.</summary>
    internal static TimeSpan Hold(int failures, FailoverOptions options) =>
        TimeSpan.FromTicks((long)Math.Min(options.MaxFailedHold.Ticks, options.FailedHold.Ticks * Math.Pow(2, Math.Max(0, failures - 1))));

    /// <summary>The share with which recovering begins.</summary>
    internal static int FirstShare(FailoverOptions options) => options.RecoveryShares is [var first, ..] ? first : 100;

    private static int? NextShareOrNull(int share, FailoverOptions options)
    {
        foreach (var step in options.RecoveryShares)
        {
            if (step > share)
                return step;
        }

        return null;
    }
}
