using System.Globalization;
using ProxyCluster.Hosting;

namespace ProxyCluster.Cli;

/// <summary>
/// The progress line of <c>verify</c>: on a terminal one line that is redrawn, elsewhere a line now and then, so that a
/// pipeline's log shows life without filling up.
/// </summary>
internal sealed class VerifyProgress(TextWriter error, TimeProvider time, bool isTerminal) : IProgress<StoreCheckProgress>
{
    private const int BarWidth = 24;

    private static readonly TimeSpan TerminalPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LogPause = TimeSpan.FromSeconds(5);

    private readonly Lock _printing = new();
    private readonly long _began = time.GetTimestamp();
    private TimeSpan _last = TimeSpan.MinValue; // guarded by _printing
    private bool _drawn; // guarded by _printing

    /// <inheritdoc/>
    public void Report(StoreCheckProgress value)
    {
        var elapsed = time.GetElapsedTime(_began);
        lock (_printing)
        {
            if (_last != TimeSpan.MinValue && elapsed - _last < (isTerminal ? TerminalPause : LogPause))
                return;
            _last = elapsed;
            _drawn = true;
            if (isTerminal)
                error.Write("\r" + Line(value, elapsed).PadRight(78));
            else
                error.WriteLine(Line(value, elapsed));
        }
    }

    /// <summary>Ends the line that is being redrawn.</summary>
    public void Finish()
    {
        lock (_printing)
        {
            if (_drawn && isTerminal)
                error.WriteLine();
        }
    }

    /// <summary>Count, bytes, rate and, where the end is known, a bar.</summary>
    public static string Line(StoreCheckProgress value, TimeSpan elapsed)
    {
        var rate = elapsed.TotalSeconds > 0 ? value.Bytes / elapsed.TotalSeconds : 0;
        var bar = "";
        if (value.TotalBytes is > 0 and var total)
        {
            var share = Math.Clamp((double)value.Bytes / total, 0, 1);
            var full = (int)(share * BarWidth);
            bar = string.Create(CultureInfo.InvariantCulture,
                $"[{new string('#', full)}{new string('.', BarWidth - full)}] {share * 100:0} %  ");
        }

        return string.Create(CultureInfo.InvariantCulture,
            $"{bar}{value.Artifacts} artifacts, {Size(value.Bytes)}, {Size((long)rate)}/s");
    }

    /// <summary>A size for people.</summary>
    public static string Size(long bytes) => bytes switch
    {
        >= 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0} GiB"),
        >= 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 20):0.0} MiB"),
        >= 1L << 10 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 10):0.0} KiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
    };
}
