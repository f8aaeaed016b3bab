using System.CommandLine;
using System.Globalization;
using ProxyCluster.Configuration;

namespace ProxyCluster.Cli.Operators;

/// <summary>
/// From where on to list events: after one that was seen before, or from a moment on. Moments are compared with the clock of
/// the authority that wrote the event.
/// </summary>
/// <param name="AfterId">Only events after this one; 0 for all.</param>
/// <param name="From">Only events from this moment on; null for all.</param>
internal readonly record struct EventStart(long AfterId, DateTimeOffset? From)
{
    /// <summary>The flag: an id (<c>41</c>), a time ago (<c>1h</c>), or a moment (<c>2026-11-21T05:00:00Z</c>).</summary>
    public static Option<EventStart> CreateOption(TimeProvider clock) => new("--since")
    {
        Description = "Only events after the one with this id, of this last time (1h), or from this moment on (2026-11-21T05:00:00Z).",
        HelpName = "ID|TIME",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (TryParse(text, clock.GetUtcNow(), out var start))
                return start;
            result.AddError($"--since {text}: use the id of an event, a time such as 1h, or a moment such as 2026-11-21T05:00:00Z");
            return default;
        },
    };

    /// <summary>Reads it. A moment without an offset is UTC.</summary>
    public static bool TryParse(string text, DateTimeOffset now, out EventStart start)
    {
        start = default;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            start = new EventStart(id, null);
        else if (Duration.TryParse(text, out var ago) && ago >= TimeSpan.Zero && ago < now - DateTimeOffset.MinValue)
            start = new EventStart(0, now - ago);
        else if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment))
            start = new EventStart(0, moment);
        else
            return false;
        return true;
    }
}
