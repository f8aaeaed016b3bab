using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Options;

namespace ProxyCluster.Admin;

/// <summary>
/// The tokens of the admin API, as the file says at the moment of asking. It is read for every question: it is small,
/// operators ask rarely, and no time or size of a file behind a link says whether it was changed.
/// <para>
/// <b>What is there counts, line by line.</b> A slip in one line locks out whom that line is about, and keeps in force
/// neither him nor anybody who was taken out of the file in the same breath.
/// </para>
/// <para>
/// <b>No file, nobody.</b> To remove it is the fastest way to revoke everything, and must work; an editor that replaces it
/// by removing it costs an operator one more try.
/// </para>
/// <para>
/// <b>A file that cannot be read</b> says nothing: no descriptor is left, or its disk is ill, on the very night on which an
/// operator must drain a region. The tokens known before stay in force for <see cref="Grace"/>, from the first question
/// that it could not answer, and no longer: whoever was revoked meanwhile gains a minute.
/// </para>
/// </summary>
internal sealed partial class AdminTokens(IOptions<AdminOptions> options, TimeProvider clock, ILogger<AdminTokens> logger)
{
    /// <summary>For how long tokens outlive the last time that their file could be read.</summary>
    internal static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    // Guards the fields below.
    private readonly Lock _lock = new();
    private string? _text;
    private ImmutableArray<AdminToken> _tokens = [];
    private long? _unreadableSince;

    /// <summary>False where no token file is configured: then there is no admin API.</summary>
    public bool IsOn => options.Value.TokenFile.Length > 0;

    /// <summary>Whose token this is; null for nobody's. Every token is compared, always.</summary>
    public AdminToken? FindOrNull(string token)
    {
        var hash = AdminToken.HashOf(token);
        AdminToken? found = null;
        foreach (var known in Current())
        {
            if (known.Matches(hash))
                found = known;
        }

        return found;
    }

    /// <summary>The tokens of a file's text, and what is wrong with its other lines; that names them and never quotes a token.</summary>
    public static ImmutableArray<AdminToken> Parse(string text, out IReadOnlyList<string> faults)
    {
        var wrong = new List<string>();
        var tokens = ImmutableArray.CreateBuilder<AdminToken>();
        foreach (var (index, line) in text.ReplaceLineEndings("\n").Split('\n').Index())
        {
            if (line.Trim() is not { Length: > 0 } trimmed || trimmed[0] == '#')
                continue;
            if (AdminToken.TryParse(trimmed, out var token, out var fault))
                tokens.Add(token);
            else
                wrong.Add(string.Create(CultureInfo.InvariantCulture, $"line {index + 1}: {fault}"));
        }

        faults = wrong;
        return tokens.ToImmutable();
    }

    private ImmutableArray<AdminToken> Current()
    {
        lock (_lock)
        {
            try
            {
                Take_NeedsLock(File.ReadAllText(options.Value.TokenFile));
                _unreadableSince = null;
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                if (_text is not null)
                    Log.Gone(logger, options.Value.TokenFile);
                (_text, _tokens) = (null, []);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                if (_unreadableSince is null)
                    Log.Unreadable(logger, options.Value.TokenFile, Grace, e.Message);
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
        (_text, _tokens) = (text, Parse(text, out var faults));
        foreach (var fault in faults)
            Log.WrongLine(logger, options.Value.TokenFile, fault);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Token file {File} is gone: nobody is let in until it is back")]
        public static partial void Gone(ILogger logger, string file);

        [LoggerMessage(LogLevel.Error, "Token file {File} could not be read; the tokens known before stay in force for {Grace}: {Reason}")]
        public static partial void Unreadable(ILogger logger, string file, TimeSpan grace, string reason);

        [LoggerMessage(LogLevel.Error, "Token file {File} has a line that counts for nobody: {Fault}")]
        public static partial void WrongLine(ILogger logger, string file, string fault);
    }
}
