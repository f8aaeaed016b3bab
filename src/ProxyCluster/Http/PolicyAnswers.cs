using System.Text;
using ProxyCluster.Gate;
using ProxyCluster.Policy;

namespace ProxyCluster.Http;

/// <summary>
/// What an answer says of the policy that it was judged by: the number, and warnings. What another member answered says its own.
/// </summary>
internal sealed partial class PolicyAnswers(
    PolicyBook policies, RolloutFigures figures, QuestionsOfTheDay questions, ILogger<PolicyAnswers> logger)
{
    /// <summary>The header with the policy's number.</summary>
    public const string NumberHeader = "X-ProxyCluster-Policy";

    /// <summary>The header with a warning: the rule, a colon, its text.</summary>
    public const string WarningHeader = "X-ProxyCluster-Warning";

    /// <summary>Has the answer say it when it begins.</summary>
    public void Follow(HttpContext context, Ask ask)
    {
        if (ask.Trail is not { } trail)
            return;
        if (ModuleGate.QuestionOrNull(ask, null) is { } question)
            questions.Note(question);
        context.Response.OnStarting(() => Begin(context.Response, ask, trail));
    }

    private Task Begin(HttpResponse response, Ask ask, PolicyTrail trail)
    {
        var headers = response.Headers;
        if (headers.ContainsKey(NumberHeader))
            return Task.CompletedTask;
        figures.Count(policies.InForce, trail.Policy.Number, isBad: response.StatusCode is 403 or >= 500);
        if (trail.Policy.Number == 0)
            return Task.CompletedTask;
        headers[NumberHeader] = trail.Policy.Header;
        foreach (var warning in trail.Warnings)
        {
            headers.Append(WarningHeader, $"{warning.Rule}: {Ascii(warning.Text)}");
            Log.Warned(logger, warning.Rule, trail.Policy.Number, Name(ask), ask.Who.Lane.ToString(), warning.Text);
        }

        if (trail.RefusedBy is { } rule)
            Log.Refused(logger, rule, trail.Policy.Number, Name(ask), ask.Who.Lane.ToString());
        return Task.CompletedTask;
    }

    private static string Name(Ask ask) => ask.What.Asked == GoModules.Protocol.Asked.Artifact ? ask.Module.ToString() : ask.What.Query.ToString();

    // RFC 9110 §5.5: what else stands in a header, its readers may misread.
    private static string Ascii(string text)
    {
        var ascii = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
            ascii.Append(rune.Value is >= ' ' and <= '~' ? (char)rune.Value : '?');
        return ascii.ToString();
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Rule {Rule} of policy {Number} warned of {What}, which {Client} was given: {Text}")]
        public static partial void Warned(ILogger logger, string rule, long number, string what, string client, string text);

        [LoggerMessage(LogLevel.Information, "Rule {Rule} of policy {Number} refused {What} to {Client}")]
        public static partial void Refused(ILogger logger, string rule, long number, string what, string client);
    }
}
