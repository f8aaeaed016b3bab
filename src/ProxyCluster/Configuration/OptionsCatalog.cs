namespace ProxyCluster.Configuration;

/// <summary>Everything that can be configured: what all rooms registered.</summary>
internal sealed class OptionsCatalog(IReadOnlyList<RoomOptions> rooms)
{
    /// <summary>Sections of the platform that pass through unchecked, because the platform binds them itself.</summary>
    public static readonly IReadOnlyList<string> PlatformSections = ["Logging", "Kestrel", "AllowedHosts", "Orleans"];

    private readonly Dictionary<string, string> _keysByLetters = rooms
        .SelectMany(room => room.Keys()).DistinctBy(Letters).ToDictionary(Letters, StringComparer.Ordinal);

    /// <summary>The rooms in the order of their registration.</summary>
    public IReadOnlyList<RoomOptions> Rooms { get; } = rooms;

    /// <summary>Every known key.</summary>
    public IReadOnlyCollection<string> Keys => _keysByLetters.Values;

    /// <summary>Reads the catalog out of what rooms have registered so far.</summary>
    public static OptionsCatalog From(IServiceCollection services) =>
        new([.. services.Select(service => service.ServiceType == typeof(RoomOptions) ? service.ImplementationInstance : null)
            .OfType<RoomOptions>().DistinctBy(room => room.Section)]);

    /// <summary>
    /// The key that a text means when case and separators are left aside (<c>STORAGE_MEMORY_BYTES</c>,
    /// <c>storage:memorybytes</c>); null where there is none.
    /// </summary>
    public string? FindKeyOrNull(string text) => _keysByLetters.GetValueOrDefault(Letters(text));

    /// <summary>One mistake for every key whose section no room has.</summary>
    public IEnumerable<string> UnknownSections(Settings settings)
    {
        var known = Rooms.Select(room => room.Section).Concat(PlatformSections).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var setting in settings.All.OrderBy(setting => setting.Key, StringComparer.OrdinalIgnoreCase))
        {
            var section = setting.Key.Split(':')[0];
            if (!known.Contains(section))
                yield return Mistakes.Unknown(setting, NearestName.FindOrNull(setting.Key, Keys), "sections", known);
        }
    }

    private static string Letters(string text) =>
        text.Replace("_", "", StringComparison.Ordinal).Replace(":", "", StringComparison.Ordinal).ToUpperInvariant();
}
