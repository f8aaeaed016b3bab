using System.Globalization;

namespace ProxyCluster.Audit;

/// <summary>A file of the log: the hour in which it was begun and the number of its first line, so that names sort as lines do.</summary>
/// <param name="Sequence">The first line's number.</param>
/// <param name="Hour">The hour, UTC.</param>
internal readonly record struct AuditFileName(long Sequence, DateTimeOffset Hour)
{
    /// <summary>The ending.</summary>
    public const string Ending = ".jsonl";

    private const string HourFormat = "yyyyMMdd'T'HH";
    private const int Digits = 16;

    /// <summary>The files of a directory, oldest first; none where there is no directory.</summary>
    public static List<(AuditFileName Name, string Path)> In(string directory) => !Directory.Exists(directory)
        ? []
        : [.. Directory.EnumerateFiles(directory, "*" + Ending)
            .Select(static path => (Name: ParseOrNull(Path.GetFileNameWithoutExtension(path)), path))
            .Where(static file => file.Name is not null)
            .Select(static file => (file.Name!.Value, file.path))
            .OrderBy(static file => file.Value.Sequence)];

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Sequence.ToString($"D{Digits}", CultureInfo.InvariantCulture)}-{Hour.UtcDateTime.ToString(HourFormat, CultureInfo.InvariantCulture)}{Ending}");

    private static AuditFileName? ParseOrNull(string name) =>
        name.Split('-') is [{ Length: Digits } first, var hour]
        && long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
        && DateTimeOffset.TryParseExact(hour, HourFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? new(sequence, time)
            : null;
}
