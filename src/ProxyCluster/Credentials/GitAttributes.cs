using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace ProxyCluster.Credentials;

/// <summary>
/// What git and its credential helpers say to each other: lines <c>key=value</c>, up to an empty one or the end
/// (git-credential(1), "Input/output format"). A key that ends with <c>[]</c> is a list; of the others the last counts.
/// </summary>
internal sealed class GitAttributes
{
    private readonly ImmutableList<(string Key, string Value)> _lines;

    private GitAttributes(ImmutableList<(string Key, string Value)> lines) => _lines = lines;

    /// <summary>Nothing.</summary>
    public static GitAttributes Empty { get; } = new([]);

    /// <summary>The value of a key, or null.</summary>
    public string? this[string key] => _lines.FindLast(line => line.Key == key) is { Key: not null } found ? found.Value : null;

    /// <summary>Reads them; lines of another form are skipped.</summary>
    public static GitAttributes Parse(string text) => new(
    [
        .. text.Split('\n').Select(static line => line.EndsWith('\r') ? line[..^1] : line).TakeWhile(static line => line.Length > 0)
            .Select(static line => (Line: line, At: line.IndexOf('=', StringComparison.Ordinal))).Where(static one => one.At > 0)
            .Select(static one => (one.Line[..one.At], one.Line[(one.At + 1)..])),
    ]);

    /// <summary>The same with one more line.</summary>
    /// <exception cref="ArgumentException">It would be more than one: a value must not be able to say something else.</exception>
    public GitAttributes With(string key, string value) => value.AsSpan().ContainsAny('\n', '\r', '\0')
        ? throw new ArgumentException($"the value of {key} holds a line break", nameof(value))
        : new(_lines.Add((key, value)));

    /// <summary>Whether a capability is announced.</summary>
    public bool Can(string capability) => _lines.Contains(("capability[]", capability));

    /// <summary>The address that is asked about; null where there is none.</summary>
    public Uri? UrlOrNull() => this["url"] is { } whole
        ? Uri.TryCreate(whole, UriKind.Absolute, out var given) && given.Host.Length > 0 ? new UriBuilder(given) { UserName = "", Password = "" }.Uri : null
        : this["protocol"] is { Length: > 0 } protocol && this["host"] is { Length: > 0 } host
            && Uri.TryCreate($"{protocol}://{host}/{this["path"]}", UriKind.Absolute, out var url) && url.UserInfo.Length == 0
        ? url
        : null;

    /// <summary>The login that they hold; null for none.</summary>
    public Login? LoginOrNull() =>
        this["authtype"] is { Length: > 0 } type && this["credential"] is { Length: > 0 } credential && HeaderRules.IsName(type) && HeaderRules.IsValue(credential)
            ? string.Equals(type, "bearer", StringComparison.OrdinalIgnoreCase) ? Login.Bearer(credential) : Login.Of([("Authorization", $"{type} {credential}")])
            : this["username"] is { } username && this["password"] is { } password ? Login.Basic(username, password)
            : null;

    /// <summary>When the password or credential is worth nothing any more; null where that is not said.</summary>
    public DateTimeOffset? ExpiryOrNull() =>
        long.TryParse(this["password_expiry_utc"], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
        ? DateTimeOffset.FromUnixTimeSeconds(seconds)
        : null;

    /// <summary>
    /// The lines that give git a login. A token is said as such to a git that knows how (2.46); to others it is the password of
    /// a name, which hosts either do not look at or want to be this one.
    /// </summary>
    public static GitAttributes? OfOrNull(Login login, GitAttributes asked)
    {
        const string NameOfTokens = "oauth2";
        if (login.Token is { } token)
        {
            return asked.Can("authtype")
                ? Empty.With("capability[]", "authtype").With("authtype", "Bearer").With("credential", token)
                : Empty.With("username", asked["username"] is { Length: > 0 } name ? name : NameOfTokens).With("password", token);
        }

        // What git cannot be told in lines, it is not told.
        return login.Username is { } username && (asked["username"] is null || asked["username"] == username) && !$"{username}{login.Password}".AsSpan().ContainsAny("\r\n\0")
            ? Empty.With("username", username).With("password", login.Password ?? "")
            : null;
    }

    /// <summary>The lines, without the empty one that ends them.</summary>
    public string Format() =>
        _lines.Aggregate(new StringBuilder(), static (text, line) => text.Append(line.Key).Append('=').Append(line.Value).Append('\n')).ToString();

    /// <inheritdoc/>
    public override string ToString() => "(secret)";
}
