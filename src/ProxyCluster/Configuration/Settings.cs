using System.Text.Json;

namespace ProxyCluster.Configuration;

/// <summary>
/// What everybody outside of the process has set, merged, each value with its source. Read once at start: a value that
/// changed under a running silo would be one that no start ever validated.
///
/// Sources from weak to strong: the options classes' initialisers; well-known variables of other tools; appsettings.json
/// in the working directory; the files of <c>--config</c>; variables that begin with PROXYCLUSTER_; flags. A stronger
/// source replaces a list as a whole.
/// </summary>
internal sealed class Settings
{
    private const string Prefix = "PROXYCLUSTER_";

    private readonly SortedDictionary<string, Setting> _byKey = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _mistakes = [];

    private Settings()
    {
    }

    /// <summary>The merged values for whatever the platform binds by itself.</summary>
    public IConfigurationRoot Configuration { get; private set; } = new ConfigurationBuilder().Build();

    /// <summary>Every value that somebody set.</summary>
    public IReadOnlyCollection<Setting> All => _byKey.Values;

    /// <summary>Sources that could not be read.</summary>
    public IReadOnlyList<string> Mistakes => _mistakes;

    /// <summary>Reads and merges every source.</summary>
    public static Settings Load(SettingsInput input, OptionsCatalog catalog)
    {
        var settings = new Settings();
        settings.Merge(WellKnownVariables.Read(input.Variables).Where(setting => catalog.FindKeyOrNull(setting.Key) is not null));
        if (input.WorkingDirectory.Length > 0)
            settings.MergeFile(input.WorkingDirectory, SettingsInput.DefaultFile, optional: true);
        foreach (var file in input.Files)
            settings.MergeFile(input.WorkingDirectory, file, optional: false);
        settings.Merge([.. settings.OwnVariables(input.Variables, catalog)]);
        settings.Merge(input.Flags.Select(flag => flag with { Key = catalog.FindKeyOrNull(flag.Key) ?? flag.Key }));
        return settings.Close();
    }

    /// <summary>The values of a configuration that somebody else has built (a host of another program).</summary>
    public static Settings From(IConfiguration configuration)
    {
        var settings = new Settings();
        settings.Merge(configuration.AsEnumerable().Where(entry => entry.Value is not null)
            .Select(entry => new Setting(entry.Key, entry.Value!, "configuration")));
        return settings.Close();
    }

    /// <summary>The value that is in force for the key, or null where nobody set it.</summary>
    public Setting? FindOrNull(string key) => _byKey.GetValueOrDefault(key);

    /// <summary>Where the key's value came from, also when it was set as part of a list written in one text.</summary>
    public string? SourceOrNull(string key) =>
        (FindOrNull(key) ?? (key.LastIndexOf(':') is > 0 and var end ? FindOrNull(key[..end]) : null))?.Source;

    /// <summary>The section's own value and all below it.</summary>
    public IEnumerable<Setting> Under(IConfigurationSection section) => _byKey.Values.Where(setting =>
        setting.Key.Equals(section.Path, StringComparison.OrdinalIgnoreCase) || IsBelow(setting.Key, section.Path));

    private static bool IsBelow(string key, string path) =>
        key.Length > path.Length && key[path.Length] == ':' && key.StartsWith(path, StringComparison.OrdinalIgnoreCase);

    private Settings Close()
    {
        Configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(_byKey.Values.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)))
            .Build();
        return this;
    }

    private void Merge(IEnumerable<Setting> stronger)
    {
        var batch = stronger.ToList();
        foreach (var setting in batch)
        {
            // 1. One text over a list, a list over one text, and a list over a longer list: replace, do not mix.
            var parts = setting.Key.Split(':');
            for (var depth = 1; depth < parts.Length; depth++)
            {
                var parent = string.Join(':', parts[..depth]);
                Drop(weaker => weaker.Key.Equals(parent, StringComparison.OrdinalIgnoreCase));
                if (int.TryParse(parts[depth], out _))
                    Drop(weaker => IsBelow(weaker.Key, parent));
            }

            Drop(weaker => IsBelow(weaker.Key, setting.Key));
        }

        // 2. Within one source the last one wins, as with a flag that is given twice.
        foreach (var setting in batch)
            _byKey[setting.Key] = setting;

        void Drop(Func<Setting, bool> which)
        {
            foreach (var weaker in _byKey.Values.Where(which).ToList())
                _byKey.Remove(weaker.Key);
        }
    }

    private void MergeFile(string directory, string file, bool optional)
    {
        var path = Path.Combine(directory, file);
        if (optional && !File.Exists(path))
            return;
        try
        {
            using var stream = File.OpenRead(path);
            Merge(new ConfigurationBuilder().AddJsonStream(stream).Build().AsEnumerable()
                .Where(entry => entry.Value is not null).Select(entry => new Setting(entry.Key, entry.Value!, file)));
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidDataException)
        {
            _mistakes.Add($"{file} is not valid JSON: {(e.InnerException ?? e).Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _mistakes.Add($"{file} cannot be read: {e.Message}");
        }
    }

    /// <summary>
    /// Ours by their prefix, <c>__</c> between section and key; upper case with single underscores is understood where
    /// it can only mean one key. Other names with the prefix are not necessarily ours: Kubernetes gives the pods of a
    /// service called proxycluster a PROXYCLUSTER_PORT. Those are left alone unless they look like a typing mistake.
    /// </summary>
    private IEnumerable<Setting> OwnVariables(IReadOnlyDictionary<string, string> variables, OptionsCatalog catalog)
    {
        foreach (var (name, value) in variables.OrderBy(variable => variable.Key, StringComparer.Ordinal))
        {
            if (!name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
                continue;
            var text = name[Prefix.Length..];
            var setting = new Setting(text.Replace("__", ":", StringComparison.Ordinal), value, "environment " + name);
            if (catalog.FindKeyOrNull(text) is { } key)
                yield return setting with { Key = key };
            else if (text.Contains("__", StringComparison.Ordinal))
                yield return setting;
            else if (NearestName.FindOrNull(text.Replace('_', ':'), catalog.Keys) is { } nearest)
                _mistakes.Add(ProxyCluster.Configuration.Mistakes.Unknown(setting with { Key = name }, nearest, "keys", []));
        }
    }
}
