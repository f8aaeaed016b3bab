using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using ProxyCluster.Admin;
using ProxyCluster.Policy;
using ProxyCluster.Telemetry;

namespace ProxyCluster.Cli.Operators;

/// <summary>Policies and decisions as a person reads them who was woken up by one.</summary>
internal static class PolicyWords
{
    /// <summary>For a terminal, where <c>&lt;</c> need not be escaped.</summary>
    public static PolicyJson Plain { get; } = new(new(PolicyJson.Default.Options) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>A policy that can be written to a file, and pushed from there.</summary>
    public static string Show(PolicyText policy) =>
        $"# {ShownText.Of(Line(policy.Policy))}{(policy.IsInForce ? "" : " (not in force)")}\n{LogText.Clean(policy.Text.TrimEnd(), PolicyYaml.MaxBytes, keepsLines: true)}\n";

    /// <summary>One line each.</summary>
    public static string List(PolicyHistory history)
    {
        var rollout = history.Rollout is not { } roll ? "" : string.Create(
            CultureInfo.InvariantCulture,
            $"{Line(roll.Policy)} ({(roll.Ended is { } how ? $"rolled out until {Time(roll.ShareAt)}: {how}" : $"rolled out to {roll.Share} % since {Time(roll.ShareAt)}")})\n");
        return history.Policies.IsEmpty && rollout.Length == 0
            ? "there is no policy\n"
            : rollout + string.Concat(history.Policies.Select((policy, at) => $"{Line(policy)}{(at == 0 ? " (in force)" : "")}\n"));
    }

    /// <summary>What becomes of a question, and why.</summary>
    public static string Explain(PolicyExplained told)
    {
        var text = new StringBuilder();
        var by = told.Rule is null ? "" : $" by rule {told.Rule}";
        Row($"{told.Asked} is {(told.IsAllowed ? "allowed" : "blocked")}{by}");
        if (told.Reason.Length > 0)
            Row($"  why      {told.Reason}");
        if (told.Instead is { } instead)
            Row($"  instead  {instead}");
        foreach (var warning in told.Warnings)
            Row($"  warning  {warning}");
        Row($"  policy   {(told.Policy is { } policy ? $"{policy.Number}, in force since {Time(policy.At)}, by {policy.By}: {policy.Reason}" : "there is none")}");
        if (told.FirstSeen is { } seen)
            Row($"  stored   first on {Time(seen)}");
        Row($"  asked    {told.Member} in {told.Region}");
        Rules(text, told.Rules);
        return text.ToString();

        void Row(FormattableString row) => text.Append(row.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }

    /// <summary>What would become of requests, a part for each member.</summary>
    public static string Try(PolicyTrial[] trials)
    {
        var text = new StringBuilder();
        foreach (var trial in trials)
        {
            text.Append(CultureInfo.InvariantCulture, $"{trial.Member} in {trial.Region}, since {Time(trial.Since)}: of {trial.Requests} requests {trial.BlockedAfter} would be blocked, {trial.BlockedBefore} are by the policy in force\n");
            foreach (var change in trial.Changes)
                text.Append(CultureInfo.InvariantCulture, $"  {(change.IsBlocked ? "blocked" : change.Reason.Length > 0 ? "warned" : "allowed")}  {change.Requests} × {change.Asked} for {change.Client}{(change.Rule is { } rule ? $", rule {rule}" : "")}{(change.Reason.Length > 0 ? $": {change.Reason}" : "")}\n");
            if (trial.MoreChanges > 0)
                text.Append(CultureInfo.InvariantCulture, $"  and {trial.MoreChanges} more\n");
        }

        return text.ToString();
    }

    /// <summary>What each rule had to do with a question.</summary>
    public static void Rules(StringBuilder text, IReadOnlyCollection<PolicyStep> steps)
    {
        var width = steps.Select(static step => step.Rule.Length).DefaultIfEmpty().Max();
        foreach (var step in steps)
            text.Append(CultureInfo.InvariantCulture, $"  rule     {step.Rule.PadRight(width)}  {step.Result}\n");
    }

    private static string Line(PolicyLine policy) => string.Create(CultureInfo.InvariantCulture, $"policy {policy.Number}, {Time(policy.At)}, by {policy.By}: {policy.Reason}");

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
