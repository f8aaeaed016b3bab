using System.Collections.Immutable;
using System.Security.Cryptography;

namespace ProxyCluster.Access;

/// <summary>
/// The tokens of a file, as it says at the moment of asking. It is read anew and not looked at: it is small, and no time or size of a file
/// behind a link says whether it was changed.
/// <para>
/// <b>What is there counts, line by line.</b> A slip in one line locks out whom that line is about, and keeps in force
/// neither him nor anybody who was taken out of the file in the same breath.
/// </para>
/// <para>
/// <b>No file, nobody.</b> To remove it is the fastest way to revoke everything, and must work; an editor that replaces it
/// by removing it costs one more try.
/// </para>
/// <para>
/// <b>A file that cannot be read</b> says nothing: no descriptor is left, or its disk is ill, on the very night on which an
/// operator must drain a region. The tokens known before stay in force for <see cref="Grace"/>, from the first question
/// that it could not answer, and no longer: whoever was revoked meanwhile gains a minute.
/// </para>
/// </summary>
/// <param name="file">The file; none where it is empty.</param>
/// <param name="read">What a line means.</param>
/// <param name="readAgainAfter">For how long what was read counts. Zero has it read for every question.</param>
/// <param name="clock">Measures both.</param>
/// <param name="logger">Hears of what is wrong, once per change.</param>
internal abstract class TokenFile<T>(string file, TokenLineReader<T> read, TimeSpan readAgainAfter, TimeProvider clock, ILogger logger)
    where T : class
{
    /// <summary>For how long tokens outlive the last time that their file could be read.</summary>
    internal static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    // Guards the fields below.
    private readonly Lock _lock = new();
    private string? _text;
    private ImmutableArray<HeldToken<T>> _tokens = [];
    private long? _readAt;
    private long? _unreadableSince;

    /// <summary>False where no token file is configured.</summary>
    public bool IsOn => file.Length > 0;

    /// <summary>Whose token this is; null for nobody's. Every token is compared, always.</summary>
    public T? FindOrNull(string token)
    {
        var hash = TokenLines.HashOf(token);
        T? found = null;
        foreach (var known in Current())
        {
            if (CryptographicOperations.FixedTimeEquals(hash, known.Hash))
                found = known.Holder;
        }

        return found;
    }

    private ImmutableArray<HeldToken<T>> Current()
    {
        lock (_lock)
        {
            if (_readAt is { } at && clock.GetElapsedTime(at) < readAgainAfter)
                return _tokens;
            _readAt = clock.GetTimestamp();
            try
            {
                Take_NeedsLock(File.ReadAllText(file));
                _unreadableSince = null;
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                if (_text is not null)
                    TokenFileLog.Gone(logger, file);
                (_text, _tokens) = (null, []);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                if (_unreadableSince is null)
                    TokenFileLog.Unreadable(logger, file, Grace, e.Message);
                if (clock.GetElapsedTime(_unreadableSince ??= clock.GetTimestamp()) >= Grace)
                    (_text, _tokens) = (null, []);
            }

            return _tokens;
        }
    }

    private void Take_NeedsLock(string text)
    {
        if (text == _text)
            return;
        (_text, _tokens) = (text, TokenLines.Parse(text, read, out var faults));
        foreach (var fault in faults)
            TokenFileLog.WrongLine(logger, file, fault);
    }
}

/// <summary>What is logged of a token file.</summary>
internal static partial class TokenFileLog
{
    [LoggerMessage(LogLevel.Error, "Token file {File} is gone: nobody is let in until it is back")]
    public static partial void Gone(ILogger logger, string file);

    [LoggerMessage(LogLevel.Error, "Token file {File} could not be read; the tokens known before stay in force for {Grace}: {Reason}")]
    public static partial void Unreadable(ILogger logger, string file, TimeSpan grace, string reason);

    [LoggerMessage(LogLevel.Error, "Token file {File} has a line that counts for nobody: {Fault}")]
    public static partial void WrongLine(ILogger logger, string file, string fault);
}
