using System.Collections;
using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Console;

namespace ProxyCluster.Telemetry;

/// <summary>
/// Stands before the console, so that no stranger decides what the log holds or how much: values and lines have a length
/// and steer no terminal (<see cref="LogText"/>), and an event that comes again and again is written so many times per
/// window and counted from then on. How many lines were left out is said when the window ends.
/// <para>
/// Counted by event, not by words: who makes up a new name for every request would otherwise never repeat himself.
/// Road not taken: dropping levels under load, which would hide the one line that matters behind the many that do not.
/// </para>
/// </summary>
[ProviderAlias("Console")]
internal sealed class BoundedLog : ILoggerProvider, ISupportExternalScope
{
    /// <summary>Lines of one event that a window holds.</summary>
    public const int MaxPerWindow = 20;

    /// <summary>How long a window is.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly ILoggerProvider _inner;
    private readonly ConcurrentDictionary<(string Category, LogLevel Level, int Id, string? Name), Repeats> _repeats = new();
    private readonly ITimer _timer;

    public BoundedLog(ConsoleLoggerProvider inner, TimeProvider clock)
        : this((ILoggerProvider)inner, clock)
    {
    }

    internal BoundedLog(ILoggerProvider inner, TimeProvider clock)
    {
        _inner = inner;
        _timer = clock.CreateTimer(static log => ((BoundedLog)log!).EndWindow(), this, Window, Window);
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName, _inner.CreateLogger(categoryName));

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => (_inner as ISupportExternalScope)?.SetScopeProvider(scopeProvider);

    /// <summary>Says what is still to be said. The container ends the inner one.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        EndWindow();
    }

    private void EndWindow()
    {
        foreach (var (key, repeats) in _repeats)
        {
            var left = Interlocked.Exchange(ref repeats.Count, 0) - MaxPerWindow;
            if (left > 0)
            {
                var told = new Told([new("Left", left)], $"{left} more lines like this one were left out: {repeats.Last}");
                repeats.Logger.Log(key.Level, new EventId(key.Id, key.Name), told, null, Told.Text);
            }
        }
    }

    private sealed class Repeats(ILogger logger)
    {
        public int Count;
        public string Last = "";

        public ILogger Logger => logger;
    }

    private sealed class Logger(BoundedLog log, string category, ILogger inner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
                return;

            var repeats = log._repeats.GetOrAdd((category, logLevel, eventId.Id, eventId.Name), static (_, logger) => new Repeats(logger), inner);
            if (Interlocked.Increment(ref repeats.Count) > MaxPerWindow)
                return;

            var told = Told.Of(state, formatter(state, exception));
            repeats.Last = told.Line;
            inner.Log(logLevel, eventId, told, exception is null ? null : new ToldException(exception), Told.Text);
        }
    }

    /// <summary>A line with its values, cleaned.</summary>
    private sealed class Told(IReadOnlyList<KeyValuePair<string, object?>> values, string line) : IReadOnlyList<KeyValuePair<string, object?>>
    {
        public static readonly Func<Told, Exception?, string> Text = static (told, _) => told.Line;

        public string Line => line;

        public int Count => values.Count;

        public KeyValuePair<string, object?> this[int index] => values[index];

        public static Told Of<TState>(TState state, string line)
        {
            if (state is not IReadOnlyList<KeyValuePair<string, object?>> given)
                return new Told([], LogText.Clean(line, LogText.MaxLine));

            var values = new KeyValuePair<string, object?>[given.Count];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = given[i];
                if (given[i] is not { Key: not "{OriginalFormat}", Value: { } value } || value.GetType().IsPrimitive)
                    continue;

                // In its place within the line, so that a long name does not cut off what is said of it.
                var raw = value.ToString() ?? "";
                var clean = LogText.Clean(raw, LogText.MaxValue);
                values[i] = new(given[i].Key, clean);
                if (!ReferenceEquals(raw, clean))
                    line = line.Replace(raw, clean, StringComparison.Ordinal);
            }

            return new Told(values, LogText.Clean(line, LogText.MaxLine));
        }

        public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => values.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    /// <summary>Writes an exception as it may be written.</summary>
    private sealed class ToldException(Exception told) : Exception(LogText.Clean(told.Message, LogText.MaxLine))
    {
        public override string ToString() => LogText.Clean(told.ToString(), LogText.MaxException, keepsLines: true);
    }
}
