using Microsoft.Extensions.Options;
using ProxyCluster.Files;
using ProxyCluster.Joining;
using ProxyCluster.Outcomes;

namespace ProxyCluster.Policy;

/// <summary>
/// Pushes the policy of a file whenever it changes. What the cluster had before is not pushed again by a member that starts with an old
/// file: a text that is among those that are kept was decided about, as was one that was rolled out and went back.
/// </summary>
internal sealed partial class PolicyFile(
    PolicyBook book, PolicyOrders orders, IOptions<PolicyOptions> options, TimeProvider clock, ILogger<PolicyFile> logger)
    : HostedLoop(clock, logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private string? _seen;
    private string? _complaint;

    /// <inheritdoc/>
    protected override IEnumerable<Turn> Strands => options.Value.File.Length > 0 ? [TurnAsync] : [];

    private async Task<bool> TurnAsync(CancellationToken stop)
    {
        // It is read anew and not looked at: no time or size of a file behind a link says whether it was changed.
        if (ReadOrNull() is { } text && text != _seen)
            await PushAsync(text, stop);
        await Task.Delay(Interval, Clock, stop);
        return true;
    }

    private async Task PushAsync(string text, CancellationToken stop)
    {
        // 1. On the first look, only what nobody has decided about, as far as is known here, or else (3.) in the cluster. Later it is somebody's
        // change, back to an old text too.
        if (_seen is null && book.Archive.Knows(text))
        {
            _seen = text;
            return;
        }

        // 2. A mistake is said once; where nobody could be asked, the next turn tries again.
        if (PolicyReader.ReadOrNull(text, out var mistakes) is null)
        {
            _seen = text;
            foreach (var mistake in mistakes)
                Log.Mistake(Logger, options.Value.File, mistake.ToString());
            return;
        }

        // 3. In force, in the whole cluster.
        var by = $"file {Path.GetFileName(options.Value.File)}";
        var pushed = _seen is null ? await orders.PushNewAsync(text, by, "the file is new", stop) : await orders.PushAsync(text, by, "the file changed", stop);
        if (pushed.Failure is { Kind: not FailureKind.Blocked } failure)
        {
            Complain(failure.Message);
            return;
        }

        (_seen, _complaint) = (text, null);
    }

    private string? ReadOrNull()
    {
        try
        {
            return RegularFile.ReadAllText(options.Value.File);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Complain(e.Message);
            return null;
        }
    }

    // Once for each reason.
    private void Complain(string reason)
    {
        if (reason != _complaint)
            Log.NotPushed(Logger, options.Value.File, reason);
        _complaint = reason;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Policy file {File} has a mistake, so the policy before stays in force: {Mistake}")]
        public static partial void Mistake(ILogger logger, string file, string mistake);

        [LoggerMessage(LogLevel.Error, "The policy of file {File} is not in force: {Reason}")]
        public static partial void NotPushed(ILogger logger, string file, string reason);
    }
}
