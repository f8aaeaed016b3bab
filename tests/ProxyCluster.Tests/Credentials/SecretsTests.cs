using FsCheck;
using FsCheck.Fluent;
using ProxyCluster.Credentials;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Credentials;

/// <summary>Whatever helpers, commands, files and providers say around a secret: no text that leaves the room holds it.</summary>
public sealed class SecretsTests : IDisposable
{
    private const string Secret = "hunter2";
    private static readonly Refusal Unauthorized = new(401, $"HTTP/1.1 401 Unauthorized\nX: {Secret}\n\n");

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Texts_ForAnythingThatIsSaid_HoldNoSecret() => Prop.ForAll(
        Gen.Choose(0, 6).SelectMany(static count => Gen.Elements(
            Secret, "\n", "\n\n", ": ", "=", "https://a.example", "username", "password", "authtype", "credential", "X-Key", "{", "}", "\"", ",", ":",
            "access_token", "error", "token_type", "Bearer", "quit=1", "\0", "ü").ListOf(count + 2)).ToArbitrary(),
        Gen.Choose(0, 1).ToArbitrary(),
        Gen.Elements(200, 400, 401, 500).ToArbitrary(),
        (words, fails, status) => Told(string.Concat(words), fails == 1, status).All(static text => !text.Contains(Secret, StringComparison.Ordinal))).QuickCheckThrowOnFailure();

    private List<string> Told(string said, bool fails, int status)
    {
        var (log, clock) = (new ListLogger(), new ManualTimeProvider());
        File.WriteAllText(_scratch["file"], said);
        var directory = new LoginDirectory(_scratch["logins"], TimeProvider.System);
        var provider = new OAuthOptions { Hosts = "e.example", ClientId = "me", ClientSecret = Secret, DeviceEndpoint = "https://id.example/d", TokenEndpoint = "https://id.example/t" };
        if (!Directory.Exists(_scratch["logins"]))
            directory.Write("corp", provider, new(Secret, Secret, clock.GetUtcNow(), clock.GetUtcNow()));
        using var handler = new ScriptedProvider(_ => (status, said));
        using var logins = TestLogins.Of(
            new()
            {
                Rules =
                [
                    new() { Match = "a.example", GoAuth = "/auth" },
                    new() { Match = "b.example", Helper = "/helper" },
                    new() { Match = "c.example", TokenFile = _scratch["file"] },
                    new() { Match = "d.example", HeadersFile = _scratch["file"] },
                ],
                OAuth = new() { ["corp"] = provider },
            },
            run: (words, _, _) => Task.FromResult(new CommandResult(said, fails ? $"{words[0]} ended with status 1" : null)),
            clock: clock,
            directory: _scratch["logins"],
            provider: handler,
            logger: log);
        var texts = new List<string>();
        foreach (var host in "abcde")
        {
            var ask = TestLogins.Ask($"https://{host}.example/x");
            var reply = logins.FindAsync(ask, TestContext.Current.CancellationToken).AsTask().GetAwaiter().GetResult();
            texts.AddRange([$"{reply}", $"{reply.Login}"]);
            texts.Add($"{logins.RefusedAsync(ask, reply, Unauthorized, TestContext.Current.CancellationToken).AsTask().GetAwaiter().GetResult()}");
        }

        return [.. texts, .. log.Lines];
    }
}
