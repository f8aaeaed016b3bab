using Microsoft.Extensions.Options;

namespace ProxyCluster.Configuration;

/// <summary>Looks at the whole configuration at once: what is wrong with it, and what is in force.</summary>
internal static class SettingsCheck
{
    /// <summary>Every mistake of every source and room, one line each; empty where a host may start.</summary>
    public static IReadOnlyList<string> FindMistakes(IServiceProvider services)
    {
        var settings = services.GetRequiredService<Settings>();
        var catalog = services.GetRequiredService<OptionsCatalog>();
        var mistakes = new List<string>(settings.Mistakes);
        mistakes.AddRange(catalog.UnknownSections(settings));
        foreach (var room in catalog.Rooms)
        {
            try
            {
                _ = room.Resolve(services);
            }
            catch (OptionsValidationException e)
            {
                mistakes.AddRange(e.Failures);
            }
        }

        return [.. mistakes.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Stops a start whose configuration is wrong.</summary>
    /// <exception cref="SettingsException">It is; holds every mistake.</exception>
    public static void ThrowIfWrong(IServiceProvider services)
    {
        if (FindMistakes(services) is { Count: > 0 } mistakes)
            throw new SettingsException(mistakes);
    }

    /// <summary>Every option with its value and source, secrets masked; wrong values show as their defaults.</summary>
    public static IReadOnlyList<EffectiveSetting> Effective(OptionsCatalog catalog, Settings settings)
    {
        var effective = new List<EffectiveSetting>();
        foreach (var room in catalog.Rooms)
        {
            var binder = new StrictBinder(settings, isNoting: true);
            binder.Bind(room.Section, Activator.CreateInstance(room.Type)!);
            effective.AddRange(binder.Effective);
        }

        return effective;
    }
}
