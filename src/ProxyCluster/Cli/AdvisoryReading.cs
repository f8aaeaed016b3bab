using System.Globalization;
using ProxyCluster.Advisories;
using ProxyCluster.Cli.Operators;
using ProxyCluster.Credentials;
using ProxyCluster.GoModules.Advisories;
using ProxyCluster.Storage;

namespace ProxyCluster.Cli;

/// <summary>A database of advisories that the command line names, read once.</summary>
internal static class AdvisoryReading
{
    /// <summary>Which database is meant: the one that is named, or configured, or what the silo of the data directory has kept; null where there is none.</summary>
    public static string? DatabaseOrNull(string? named, AdvisoryOptions options, DataTree tree) =>
        named ?? options.Database ?? (File.Exists(tree.Advisories) ? tree.Advisories : null);

    /// <summary>The records about some modules, and how many could not be read, each of which is named.</summary>
    public static async Task<(AdvisorySet Set, int Broken)> ReadAsync(
        string database, IReadOnlySet<string> modules, IServiceProvider services, AdvisoryOptions options, CommandContext context, CancellationToken cancel)
    {
        var time = services.GetRequiredService<TimeProvider>();
        var records = new AdvisoryCollection(options, progress: new Progress(context.Error, time));
        var source = AdvisorySources.Open(database, context.WorkingDirectory, services.GetRequiredService<Logins>(), options, time);
        using (source as IDisposable)
            await source.TakeAsync(new AdvisoryAsk(Modules: modules), records, cancel).ConfigureAwait(false);
        foreach (var broken in records.Faults)
            await context.Error.WriteLineAsync($"proxycluster: {ShownText.Of(broken)}; it is left out").ConfigureAwait(false);
        return (new AdvisorySet(records.Advisories), records.Broken);
    }

    // A line now and then; a database that is read at once has none.
    private sealed class Progress(TextWriter error, TimeProvider time) : IProgress<int>
    {
        private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

        private long _last = time.GetTimestamp();

        // One at a time, under the collection's lock.
        public void Report(int value)
        {
            if (time.GetElapsedTime(_last) < Pause)
                return;
            _last = time.GetTimestamp();
            error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{value} records read"));
        }
    }
}
