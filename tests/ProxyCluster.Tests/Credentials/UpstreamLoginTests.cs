using System.Net.Security;
using ProxyCluster.Credentials;
using ProxyCluster.Outcomes;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;
using ProxyCluster.Tests.Fetching;

namespace ProxyCluster.Tests.Credentials;

/// <summary>An upstream over https that wants a login, of each sort, with real files, git helpers and commands.</summary>
[Trait("Needs", "corpus")]
public sealed class UpstreamLoginTests : IAsyncLifetime
{
    private const string Body = "these are the bytes of a zip";

    private readonly UpstreamServer _server = UpstreamServer.Start(tls: true);
    private readonly ScratchDirectory _scratch = new();
    private readonly Commands _commands = new(TimeSpan.FromMinutes(1), TimeProvider.System);

    private string Authority => new Uri(_server.Url).Authority;

    public ValueTask InitializeAsync()
    {
        _server.Put(ChainFixture.ZipPath, Body);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _commands.DisposeAsync();
        _scratch.Dispose();
    }

    [Theory]
    [InlineData("token")]
    [InlineData("basic")]
    [InlineData("headers")]
    [InlineData("netrc")]
    [InlineData("helper")]
    [InlineData("goauth")]
    public async Task Upstream_ThatWantsALogin_IsSentThatAndNothingElse(string sort)
    {
        var (rule, name, value) = Rule(sort, "right");
        Want(name, value);
        using var fixture = Fixture(rule);
        Assert.Equal(Body, (await fixture.FetchAsync()).Value);
        var call = Assert.Single(_server.Calls);
        Assert.Equal(name == "Authorization" ? null : value, call.Header("X-Key"));
    }

    [Theory]
    [InlineData("token", 401)]
    [InlineData("basic", 403)]
    [InlineData("netrc", 401)]
    [InlineData("helper", 401)]
    [InlineData("goauth", 401)]
    [InlineData("goauth", 404)]
    public async Task Login_ThatChangedMeanwhile_IsSentAfterTheRefusal(string sort, int status)
    {
        var (rule, _, _) = Rule(sort, "wrong");
        using var fixture = Fixture(rule);

        // It changes between the answer and what is made of it.
        var (_, name, value) = (rule, "", "");
        _server.Faults.Always(ChainFixture.ZipPath, new Fault("wants a login", async x =>
        {
            if (name.Length > 0 && x.Call.Header(name) == value)
                return false;
            (_, name, value) = Rule(sort, "right");
            await x.AnswerAsync(status, "no"u8.ToArray(), "text/plain");
            return true;
        }));
        Assert.Equal(Body, (await fixture.FetchAsync()).Value);
        Assert.Equal(2, _server.TotalRequests);
        Assert.Equal(Body, (await fixture.FetchAsync()).Value);
        Assert.Equal(3, _server.TotalRequests);
        Assert.Contains(fixture.Measurements, static line => line.EndsWith("outcome=ok} 1", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("token")]
    [InlineData("basic")]
    [InlineData("headers")]
    [InlineData("netrc")]
    [InlineData("helper")]
    [InlineData("goauth")]
    public async Task Redirect_ToAnotherOrigin_CarriesNothingThere(string sort)
    {
        // The other has a rule too: who redirects us must not read with it.
        await using var other = UpstreamServer.Start(tls: true);
        other.Put("/elsewhere", Body);
        var (rule, name, value) = Rule(sort, "right");
        _server.Faults.Always(ChainFixture.ZipPath, Fault.RedirectTo($"{other.Url}/elsewhere"));
        using var fixture = Fixture(rule);
        Assert.Equal(Body, (await fixture.FetchAsync()).Value);
        Assert.Equal(value, _server.Calls.Single().Header(name));
        Assert.Null(other.Calls.Single().Header("Authorization"));
        Assert.Null(other.Calls.Single().Header("X-Key"));
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(500)]
    public async Task Refusal_ThatNothingChanges_IsAskedOnceMoreByNobodyAndShowsNothing(int status)
    {
        foreach (var sort in new[] { "token", "basic", "headers", "netrc", "helper", "goauth" })
        {
            var before = _server.TotalRequests;
            _server.Faults.Always(ChainFixture.ZipPath, Fault.Status(status));
            using var fixture = Fixture(Rule(sort, "right").Rule, retries: 0);
            var shown = (await fixture.FetchAsync()).Failure!.ToString() + string.Concat(fixture.Logs) + string.Concat(fixture.Measurements) + string.Concat(fixture.Chain.Statuses);
            Assert.Equal(before + 1, _server.TotalRequests);
            Assert.DoesNotContain("right", shown, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToBase64String("me:right"u8), shown, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToBase64String("me-right:right"u8), shown, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("helper")]
    [InlineData("goauth")]
    [InlineData("token")]
    public async Task Login_ThatCannotBeHad_IsAnOutageAndNoAbsence(string sort)
    {
        var (rule, _, _) = Rule(sort, "right");
        foreach (var file in Directory.GetFiles(_scratch.Path))
            File.Delete(file);
        rule.Helper = rule.Helper.Length > 0 ? "/does/not/exist" : "";
        _server.Remove(ChainFixture.ZipPath);
        using var fixture = Fixture(rule);
        Assert.Equal(FailureKind.UpstreamUnavailable, (await fixture.FetchAsync()).Failure?.Kind);
        Assert.Equal(0, _server.TotalRequests);
    }

    // Each with its secret in a file, so that it can change.
    private (CredentialRuleOptions Rule, string Name, string Value) Rule(string sort, string secret)
    {
        var basic = Basic("me:" + secret);
        switch (sort)
        {
            case "token":
                return (new() { Match = "127.0.0.1", TokenFile = Put(secret) }, "Authorization", "Bearer " + secret);
            case "basic":
                return (new() { Match = "127.0.0.1", Username = "me", PasswordFile = Put(secret) }, "Authorization", basic);
            case "headers":
                return (new() { Match = "127.0.0.1", HeadersFile = Put($"X-Key: {secret}") }, "X-Key", secret);
            case "netrc":
                return (new() { Match = "127.0.0.1", NetrcFile = Put($"machine {Authority} login me password {secret}") }, "Authorization", basic);
            case "helper":
                // Of git 2.39, the store erases a name with whatever password: the new one has another name.
                return (new() { Match = "127.0.0.1", Helper = $"store --file {Put($"https://me-{secret}:{secret}@{Authority}\n")}" }, "Authorization", Basic($"me-{secret}:{secret}"));
            default:
                return (new() { Match = "127.0.0.1", GoAuth = $"/bin/sh -c 'cat {Put($"{_server.Url}\n\nX-Key: {secret}\n\n")}'" }, "X-Key", secret);
        }

        static string Basic(string text) => "Basic " + Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text));

        string Put(string text)
        {
            File.WriteAllText(_scratch[sort], text);
            return _scratch[sort];
        }
    }

    private void Want(string name, string value) => _server.Faults.Always(ChainFixture.ZipPath, new Fault("wants a login", async x =>
    {
        if (x.Call.Header(name) == value)
            return false;
        await x.AnswerAsync(401, "no"u8.ToArray(), "text/plain");
        return true;
    }));

    private ChainFixture Fixture(CredentialRuleOptions rule, int retries = 2) => new(
        _server.Url,
        options => options.Retries = retries,
        new() { Rules = [rule] },
        static handler => handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, errors) => errors != SslPolicyErrors.None,
        guard: new ProxyCluster.Sockets.RedirectGuard([], allows: true),
        run: _commands.RunAsync);
}
