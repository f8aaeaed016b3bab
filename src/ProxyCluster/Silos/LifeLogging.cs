namespace ProxyCluster.Silos;

/// <summary>
/// The log of one life of the silo. What is dropped half way goes down with errors that are nobody's and that nobody can do
/// anything about; why it was dropped is said before.
/// </summary>
internal sealed class LifeLogging(ILoggerFactory inner) : ILoggerFactory
{
    private volatile bool _isOver;

    /// <summary>Nothing of this life is logged from now on.</summary>
    public void End() => _isOver = true;

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Logger(this, inner.CreateLogger(categoryName));

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    /// <summary>The log itself is another's.</summary>
    public void Dispose()
    {
    }

    private sealed class Logger(LifeLogging life, ILogger inner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => !life._isOver && inner.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!life._isOver)
                inner.Log(logLevel, eventId, state, exception, formatter);
        }
    }
}
