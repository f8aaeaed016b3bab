using Microsoft.AspNetCore.Http;
using ProxyCluster.Outcomes;
using ProxyCluster.TestKit;

namespace ProxyCluster.Tests.Verification;

/// <summary>The line to a checksum database, where it is slow, broken or misled.</summary>
public sealed class ChecksumDatabaseSourceTests : VerificationTests
{
    [Theory]
    [InlineData(503, true, 3)]
    [InlineData(429, true, 3)]
    [InlineData(500, true, 3)]
    [InlineData(403, true, 1)]
    [InlineData(404, false, 1)]
    [InlineData(410, false, 1)]
    public async Task Status_IsRetriedWhereItMayPass(int status, bool unavailable, int requests)
    {
        _server.Instead = (context, _) =>
        {
            context.Response.StatusCode = status;
            return Task.FromResult(true);
        };
        using var room = Room(options => options.RetryDelay = TimeSpan.FromMilliseconds(1), TimeProvider.System);
        var failure = (await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure;
        Assert.Equal(unavailable ? FailureKind.ChecksumDatabaseUnavailable : FailureKind.ChecksumUnknown, failure?.Kind);
        Assert.Equal(requests, _server.Paths.Count);
    }

    [Fact]
    public async Task RetryAfterBeyondPatience_IsPassedOn()
    {
        _server.Instead = (context, _) =>
        {
            context.Response.StatusCode = 503;
            context.Response.Headers.RetryAfter = "120";
            return Task.FromResult(true);
        };
        using var room = Room();
        var failure = (await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure;
        Assert.Equal(TimeSpan.FromMinutes(2), failure?.RetryAfter);
        Assert.Single(_server.Paths);
    }

    /// <summary>A stranger's words come before people: one line of plain characters, or none of it.</summary>
    [Theory]
    [InlineData("no such module\nand more", "no such module")]
    [InlineData("  no such module \r\n", "no such module")]
    [InlineData("", "answered 404")]
    [InlineData("\nsecond line", "answered 404")]
    [InlineData("<html>", "answered 404")]
    [InlineData("red \u001b[31m", "answered 404")]
    public async Task ReasonOfAnAbsence_IsOnePlainLine(string body, string shown)
    {
        string? agent = null;
        _server.Instead = async (context, _) =>
        {
            agent = context.Request.Headers.UserAgent;
            context.Response.StatusCode = 404;
            await context.Response.WriteAsync(body);
            return true;
        };
        using var room = Room();
        var failure = (await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure;
        Assert.Equal(FailureKind.ChecksumUnknown, failure?.Kind);
        Assert.EndsWith(": " + shown, failure!.Message, StringComparison.Ordinal);
        Assert.Equal("ProxyCluster", agent);
    }

    [Theory]
    [InlineData(120, 120)]
    [InlineData(-120, 0)]
    public async Task RetryAfterIsADate_IsTheTimeUntilThenAndNeverLessThanNone(int ahead, int seconds)
    {
        ManualTimeProvider clock = new();
        _server.Instead = (context, _) =>
        {
            context.Response.StatusCode = 503;
            context.Response.Headers.RetryAfter = clock.GetUtcNow().AddSeconds(ahead).ToString("R", System.Globalization.CultureInfo.InvariantCulture);
            return Task.FromResult(true);
        };
        using var room = Room(static options => options.Attempts = 1, clock);
        var failure = (await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure;
        Assert.InRange(failure!.RetryAfter!.Value, TimeSpan.FromSeconds(Math.Max(0, seconds - 1)), TimeSpan.FromSeconds(seconds));
    }

    [Theory]
    [InlineData("http://localhost:1/x", 1, "redirected to where it must not be followed")]
    [InlineData("/again", 6, "redirected more than 5 times")]
    public async Task RedirectElsewhereOrInCircles_IsNotFollowed(string target, int requests, string why)
    {
        _server.Instead = (context, _) =>
        {
            context.Response.Redirect(target);
            return Task.FromResult(true);
        };
        using var room = Room();
        var failure = (await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure;
        Assert.Equal(FailureKind.ChecksumDatabaseUnavailable, failure?.Kind);
        Assert.Contains(why, failure!.Message, StringComparison.Ordinal);
        Assert.Equal(requests, _server.Paths.Count);
    }

    [Theory]
    [InlineData(false, 15)]
    [InlineData(true, 30)]
    public async Task SilentServer_IsGivenUpAtItsLimit(bool afterTheFirstByte, int seconds)
    {
        TaskCompletionSource silent = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _server.Instead = async (context, _) =>
        {
            if (afterTheFirstByte)
                await context.Response.Body.WriteAsync("7\n"u8.ToArray());
            silent.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
            return true;
        };
        ManualTimeProvider clock = new();
        using var room = Room(options => options.Attempts = 1, clock);
        var proving = room.Verifier.ProveAsync(DatabaseServer.Module(7), Token).AsTask();
        await silent.Task;
        clock.Advance(TimeSpan.FromSeconds(seconds));
        var failure = (await proving).Failure;
        Assert.Equal(FailureKind.ChecksumDatabaseUnavailable, failure?.Kind);
        Assert.Contains("in time", failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EndlessBody_IsCutOff()
    {
        _server.Instead = async (context, _) =>
        {
            var zeros = new byte[64 * 1024];
            while (!context.RequestAborted.IsCancellationRequested)
                await context.Response.Body.WriteAsync(zeros, context.RequestAborted);
            return true;
        };
        using var room = Room();
        var failure = (await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure;
        Assert.Equal(FailureKind.ChecksumDatabaseUnavailable, failure?.Kind);
        Assert.Contains("more than 262144 bytes", failure!.Message, StringComparison.Ordinal);
        Assert.Single(_server.Paths);
    }

    [Fact]
    public async Task AnswerBreaksOff_IsTriedAgain()
    {
        _server.Instead = static async (context, _) =>
        {
            context.Response.ContentLength = 100;
            await context.Response.Body.WriteAsync("7\n"u8.ToArray());
            await context.Response.Body.FlushAsync();
            context.Abort();
            return true;
        };
        using var room = Room();
        Assert.Equal(FailureKind.ChecksumDatabaseUnavailable, (await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure?.Kind);
        Assert.Equal(3, _server.Paths.Count);
    }

    [Fact]
    public async Task ConnectionBreaks_SaysSo()
    {
        Down();
        using var room = Room();
        var failure = (await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure;
        Assert.Equal(FailureKind.ChecksumDatabaseUnavailable, failure?.Kind);
        Assert.Contains("could not be reached", failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConcurrentProofsOfOneModule_AskOnce()
    {
        _server.Fill(20);
        using var room = Room();
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => room.Verifier.ProveAsync(DatabaseServer.Module(7), Token).AsTask()));
        Assert.All(outcomes, outcome => Assert.Null(outcome.Failure));
        Assert.Single(_server.Paths, path => path == DatabaseServer.LookupPath(7));
    }
}
