using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ProxyCluster.Tests.Silo;

/// <summary>What a silo logged, in place of its console.</summary>
internal sealed class SiloLog : ILoggerProvider
{
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly ConcurrentQueue<string> _exceptions = new();

    /// <summary>Every line, with its level.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

    /// <summary>Every exception that was logged, with its stack trace.</summary>
    public IReadOnlyCollection<string> Exceptions => _exceptions;

    /// <summary>That no exception was logged; a failure shows them whole.</summary>
    public void AssertNoExceptions() => Assert.True(_exceptions.IsEmpty, string.Join("\n", _exceptions));

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
    }

    private sealed class Logger(SiloLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            log._lines.Enqueue($"{logLevel} {category}: {formatter(state, exception)}");
            if (exception is not null)
                log._exceptions.Enqueue($"{category}: {exception}");
        }
    }
}
