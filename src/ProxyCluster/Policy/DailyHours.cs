using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ProxyCluster.Policy;

/// <summary>Hours of the day, UTC, from the first until the second, over midnight where that is the earlier one.</summary>
/// <param name="From">When they begin.</param>
/// <param name="Until">When they are over.</param>
internal readonly record struct DailyHours(TimeOnly From, TimeOnly Until)
{
    /// <summary>Is it such an hour?</summary>
    public bool Include(DateTimeOffset now) => TimeOnly.FromDateTime(now.UtcDateTime).IsBetween(From, Until);

    /// <summary>Reads <c>22:00-06:00</c>.</summary>
    public static bool TryParse(string text, out DailyHours hours, [NotNullWhen(false)] out string? error)
    {
        error = null;
        hours = default;
        if (text.Split('-') is [var from, var until] && TryTime(from, out var begin) && TryTime(until, out var end) && begin != end)
            hours = new DailyHours(begin, end);
        else
            error = $"\"{text}\" are no hours: write 22:00-06:00, UTC";
        return error is null;
    }

    private static bool TryTime(string text, out TimeOnly time) =>
        TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out time);
}

/// <summary>Days of the week as a policy writes them.</summary>
internal static class Weekdays
{
    /// <summary>The words, Sunday first as .NET counts.</summary>
    public static ImmutableArray<string> Words { get; } = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
}
