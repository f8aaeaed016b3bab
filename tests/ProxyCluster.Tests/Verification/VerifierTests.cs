using Microsoft.AspNetCore.Http;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Notes;
using ProxyCluster.Outcomes;
using ProxyCluster.TestKit;
using ProxyCluster.Verification;

namespace ProxyCluster.Tests.Verification;

public sealed class VerifierTests : IAsyncLifetime
{
    private readonly string _data = Directory.CreateTempSubdirectory("verification").FullName;
    private DatabaseServer _server = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await DatabaseServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task Prove_KnownModule_GivesHashesAndACheckableProof()
    {
        _server.Fill(300);
        using var room = Room();
        Assert.True((await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).TryGet(out var sums, out var failure), failure?.Message);
        Assert.Equal((DatabaseServer.H1(7, "zip"), DatabaseServer.H1(7, "mod")), (sums.ZipH1, sums.GoModH1));
        Assert.Equal((VerificationKind.ChecksumDatabase, "sumdb.test/go"), (sums.VerifiedBy.Kind, sums.VerifiedBy.Authority));
        Assert.Null(sums.VerifiedBy.Proof!.Verify(_server.Database.Key));
        Assert.True(room.Verifier.Accepts(DatabaseServer.Module(7), sums.VerifiedBy));
        Assert.Empty(room.SecurityEvents);
    }

    [Fact]
    public async Task Prove_AgainWithTheDatabaseDown_IsAnsweredFromDiskAndNewOnesAreUnavailable()
    {
        _server.Fill(300);
        using (var room = Room())
            Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure);
        Down();
        using (var room = Room())
        {
            Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure);
            var failure = (await room.Verifier.ProveAsync(DatabaseServer.Module(8), Token)).Failure;
            Assert.Equal(FailureKind.ChecksumDatabaseUnavailable, failure?.Kind);
            Assert.Empty(room.SecurityEvents);
        }
    }

    [Fact]
    public async Task Prove_MoreModulesThanMayBeKept_TheLongestKeptLookupsGoAndTheHeadStays()
    {
        _server.Fill(400);
        await using (var room = Room(maxBytes: 1 << 20))
        {
            for (var i = 0; i < 400; i++)
                Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(i), Token)).Failure);
            await room.Proofs.Files.Trimmed;
        }

        var left = Directory.GetFiles(Kept("lookup"), "*", SearchOption.AllDirectories).Length;
        Assert.InRange(left, 100, 290);
        Assert.True(File.Exists(Kept("latest")));

        _server.Paths.Clear();
        await using (var room = Room(maxBytes: 1 << 20))
        {
            Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(399), Token)).Failure);
            Assert.DoesNotContain(DatabaseServer.LookupPath(399), _server.Paths);
            Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(0), Token)).Failure);
            Assert.Contains(DatabaseServer.LookupPath(0), _server.Paths);
            await room.Proofs.Files.Trimmed;
        }
    }

    public static TheoryData<string> Damages => new("torn", "flipped", "empty", "gone");

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Prove_WithADamagedHead_GoesOnFromAStoredLookupAndSaysSo(string damage)
    {
        _server.Fill(300);
        using (var room = Room())
            Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure);
        await DamageHeadAsync(damage);
        _server.Fill(400);

        using (var room = Room())
        {
            Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(350), Token)).Failure);
            Assert.Null(await ChecksumDatabases.TroubleOrNullAsync(room.Databases.PrimaryOrNull!, Token));
            Assert.Equal(["bad-stored-head"], room.SecurityEvents);
            Assert.Contains(room.Lines, static line => line.StartsWith("Error: SECURITY: the tree head kept for checksum database sumdb.test/go was ", StringComparison.Ordinal)
                && line.Contains("the tree of 300 records", StringComparison.Ordinal));
            Assert.Equal(damage == "gone" ? 0 : 1, room.Lines.Count(static line => line.Contains("were kept in", StringComparison.Ordinal)));
        }

        using (var room = Room())
        {
            Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(351), Token)).Failure);
            Assert.Empty(room.SecurityEvents);
        }
    }

    [Theory]
    [InlineData("torn")]
    [InlineData("flipped")]
    [InlineData("empty")]
    [InlineData("a directory")]
    public async Task Prove_WithADamagedHeadAndNoLookupLeft_IsAnOutageOfTheStore(string damage)
    {
        _server.Fill(300);
        using (var room = Room())
            Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure);
        await DamageHeadAsync(damage);
        Directory.Delete(Kept("lookup"), recursive: true);

        using (var room = Room())
        {
            for (var again = 0; again < 2; again++)
            {
                var failure = (await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure;
                Assert.Equal(FailureKind.StoreUnavailable, failure?.Kind);
                Assert.Contains("the tree head", failure!.Message, StringComparison.Ordinal);
                Assert.Contains("the tree head", await ChecksumDatabases.TroubleOrNullAsync(room.Databases.PrimaryOrNull!, Token), StringComparison.Ordinal);
            }
        }

        // An operator's way to start anew.
        Directory.Delete(Kept(), recursive: true);
        using (var room = Room())
            Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure);
    }

    private async Task DamageHeadAsync(string damage)
    {
        var file = Kept("latest");
        var bytes = await File.ReadAllBytesAsync(file, Token);
        File.Delete(file);
        if (damage == "a directory")
            Directory.CreateDirectory(file);
        if (damage == "flipped")
            bytes[^10] ^= 1;
        if (damage is "torn" or "flipped" or "empty")
            await File.WriteAllBytesAsync(file, damage switch { "torn" => bytes[..^20], "empty" => [], _ => bytes }, Token);
    }

    [Fact]
    public async Task Prove_UnknownModule_IsUnknownAndNoAbsence()
    {
        using var room = Room();
        var failure = (await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure;
        Assert.Equal(FailureKind.ChecksumUnknown, failure?.Kind);
        Assert.False(failure!.IsProvenAbsence);
    }

    [Fact]
    public async Task Prove_NoSumPattern_AsksNobodyAndSaysSo()
    {
        using var room = Room(options => options.Private = "example.org");
        Assert.True((await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).TryGet(out var sums, out _));
        Assert.Equal((null, null, "example.org"), (sums.ZipH1, sums.GoModH1, sums.VerifiedBy.Authority));
        Assert.Empty(_server.Paths);

        Assert.True(room.Verifier.Accepts(DatabaseServer.Module(7), sums.VerifiedBy));

        using var strict = Room(options => (options.Private, options.NoSumDb) = ("example.org", ""));
        Assert.False(strict.Verifier.Accepts(DatabaseServer.Module(7), sums.VerifiedBy));
        Assert.Equal(FailureKind.ChecksumUnknown, (await strict.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure?.Kind);
    }

    [Fact]
    public async Task Prove_Toolchain_IsLookedUpWhateverThePatternsSay()
    {
        Assert.True(ModuleVersion.TryParse("golang.org/toolchain", "v0.0.1-go1.21.0.linux-amd64", out var toolchain, out _));
        using var room = Room(options => options.Private = "golang.org,*");
        Assert.Equal(FailureKind.ChecksumUnknown, (await room.Verifier.ProveAsync(toolchain, Token)).Failure?.Kind);
        Assert.NotEmpty(_server.Paths);
    }

    [Fact]
    public async Task Prove_Off_PinsEverything()
    {
        using var room = Room(options => options.SumDb = "off");
        Assert.True((await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).TryGet(out var sums, out _));
        Assert.Equal((VerificationKind.NoSumPattern, "GOSUMDB=off"), (sums.VerifiedBy.Kind, sums.VerifiedBy.Authority));
        Assert.True(room.Verifier.Accepts(DatabaseServer.Module(7), sums.VerifiedBy));
    }

    [Theory]
    [InlineData("no.test", "no.test", "no.test")]
    [InlineData("secret.test", null, "secret.test")]
    [InlineData("other.test", null, null)]
    [InlineData("golang.org/toolchain", null, null)]
    public void Patterns_OfAPath_SayWhatIsNotLookedUpAndWhatIsSecret(string text, string? noSum, string? secret)
    {
        using var room = Room(static options => (options.Private, options.NoSumDb) = ("secret.test,golang.org", "no.test,golang.org"));
        Assert.True(ModulePath.TryParse(text, out var path, out _));
        Assert.Equal((noSum, secret), (room.Verifier.NoSumPatternOrNull(path), room.Verifier.SecretPatternOrNull(path)));
    }

    [Fact]
    public void Accepts_AnotherDatabasesProof_IsNotEnough()
    {
        using var room = Room();
        Assert.False(room.Verifier.Accepts(
            DatabaseServer.Module(7), new VerifiedBy(VerificationKind.ChecksumDatabase, "sumdb.test", DateTimeOffset.UnixEpoch)));
    }

    [Fact]
    public async Task Prove_FailOpen_OnlyForItsPatternAndOnlyInAnOutage()
    {
        _server.Fill(10);
        using var room = Room(options => options.FailOpen = "example.org");
        Assert.Equal(FailureKind.ChecksumUnknown, (await room.Verifier.ProveAsync(DatabaseServer.Module(70), Token)).Failure?.Kind);
        Down();
        Assert.True((await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).TryGet(out var sums, out _));
        Assert.Equal("fail-open example.org", sums.VerifiedBy.Authority);
        Assert.True(room.Verifier.Accepts(DatabaseServer.Module(7), sums.VerifiedBy));
        using var strict = Room();
        Assert.False(strict.Verifier.Accepts(DatabaseServer.Module(7), sums.VerifiedBy));
    }

    [Fact]
    public async Task Prove_FailOpenWhileOthersCrowdTheDatabase_StaysClosed()
    {
        _server.Fill(10);
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously), goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _server.Instead = async (_, path) =>
        {
            if (path.StartsWith("lookup/", StringComparison.Ordinal))
            {
                asked.TrySetResult();
                await goOn.Task;
            }

            return false;
        };
        using var room = Room(options => (options.FailOpen, options.MaxConcurrentRequests, options.MaxWaiting) = ("example.org", 1, 0));
        var first = room.Verifier.ProveAsync(DatabaseServer.Module(1), Token);
        await asked.Task;

        var failure = (await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure;

        goOn.SetResult();
        Assert.Equal(FailureKind.Overloaded, failure?.Kind);
        Assert.Null((await first).Failure);
    }

    [Fact]
    public async Task Prove_Fork_IsASecurityEventWithBothNotesLoggedAndKept()
    {
        _server.Fill(10);
        using var room = Room();
        Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure);
        var known = _server.Database.SignTree();
        _server.Database = new(SignerKey.FromSeed("sumdb.test/go", new byte[32]));
        _server.Database.Append(DatabaseServer.Module(99), "h1:other", "h1:other");
        _server.Fill(20);

        var failure = (await room.Verifier.ProveAsync(DatabaseServer.Module(15), Token)).Failure;
        Assert.Equal(FailureKind.ChecksumDatabaseInvalid, failure?.Kind);
        Assert.Equal(["fork"], room.SecurityEvents);
        var line = Assert.Single(room.Lines, line => line.StartsWith("Error: SECURITY", StringComparison.Ordinal));
        Assert.Contains(known, line, StringComparison.Ordinal);
        Assert.Contains(_server.Database.SignTree(), line, StringComparison.Ordinal);
        var evidence = Assert.Single(Directory.GetFiles(Path.Combine(_data, "sumdb", "sumdb.test%2Fgo", "forks")));
        Assert.Equal($"{known}\n---\n\n{_server.Database.SignTree()}", await File.ReadAllTextAsync(evidence, Token));
    }

    [Fact]
    public async Task Prove_ForgedTile_IsASecurityEventAndNothingIsKept()
    {
        _server.Fill(300);
        _server.Instead = async (context, path) =>
        {
            if (path != "tile/8/0/000")
                return false;
            var bytes = await _server.BytesAsync(path);
            bytes[40] ^= 1;
            await context.Response.Body.WriteAsync(bytes);
            return true;
        };
        using var room = Room();
        Assert.Equal(FailureKind.ChecksumDatabaseInvalid, (await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure?.Kind);
        Assert.Equal(["forged-tile"], room.SecurityEvents);
        Assert.False(Directory.Exists(Path.Combine(_data, "sumdb")));
    }

    [Fact]
    public async Task Prove_SignedByAnotherKey_IsASecurityEventAndLogged()
    {
        using var room = Room();
        _server.Database = new(SignerKey.FromSeed("sumdb.test/go", [.. Enumerable.Repeat((byte)1, 32)]));
        _server.Fill(10);
        Assert.Equal(FailureKind.ChecksumDatabaseInvalid, (await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure?.Kind);
        Assert.Equal(["bad-signature"], room.SecurityEvents);
        Assert.Single(room.Lines, static line => line.StartsWith("Error: SECURITY: an answer of checksum database sumdb.test/go", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Prove_RecordThatTheTreeDoesNotHave_IsASecurityEvent()
    {
        _server.Fill(10);
        _server.Instead = async (context, path) =>
        {
            if (path != DatabaseServer.LookupPath(7))
                return false;
            var genuine = System.Text.Encoding.UTF8.GetString(await _server.BytesAsync(path));
            await context.Response.WriteAsync(genuine.Replace(DatabaseServer.H1(7, "zip"), DatabaseServer.H1(8, "zip"), StringComparison.Ordinal));
            return true;
        };
        using var room = Room();
        Assert.Equal(FailureKind.ChecksumDatabaseInvalid, (await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure?.Kind);
        Assert.Equal(["forged-record"], room.SecurityEvents);
    }

    [Fact]
    public async Task Prove_KeptHeadIsDamaged_IsASecurityEvent()
    {
        _server.Fill(10);
        Directory.CreateDirectory(Kept());
        await File.WriteAllTextAsync(Kept("latest"), "nonsense", Token);
        using var room = Room();
        Assert.Equal(FailureKind.StoreUnavailable, (await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure?.Kind);
        Assert.Equal(["bad-stored-head"], room.SecurityEvents);
    }

    [Fact]
    public async Task Prove_ForkThatCannotBeKept_IsReportedAllTheSame()
    {
        _server.Fill(10);
        using var room = Room();
        Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure);
        _server.Database = new(SignerKey.FromSeed("sumdb.test/go", new byte[32]));
        _server.Database.Append(DatabaseServer.Module(99), "h1:other", "h1:other");
        _server.Fill(20);
        await File.WriteAllTextAsync(Kept("forks"), "", Token);

        Assert.Equal(FailureKind.ChecksumDatabaseInvalid, (await room.Verifier.ProveAsync(DatabaseServer.Module(15), Token)).Failure?.Kind);
        Assert.Equal(["fork"], room.SecurityEvents);
        Assert.Single(room.Lines, static line => line.Contains("could not be kept on disk", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Prove_HeadCannotBeKept_IsAFailureOfTheStoreAndLeavesNothingBehind()
    {
        _server.Fill(10);
        Directory.CreateDirectory(Kept("latest"));
        using var room = Room();
        var failure = (await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure;
        Assert.Equal(FailureKind.StoreUnavailable, failure?.Kind);
        Assert.Contains("the tree head of sumdb.test/go could not be kept", failure!.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(Kept(), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Prove_LookupCannotBeKept_IsProvenAllTheSameAndSaidOnce()
    {
        _server.Fill(10);
        Directory.CreateDirectory(Kept());
        await File.WriteAllTextAsync(Kept("lookup"), "", Token);
        using var room = Room();
        Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure);
        Assert.Single(room.Lines, static line => line.StartsWith("Warning: Checksum database file", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Prove_WhatAnEarlierProcessWasWriting_IsSweptOnce()
    {
        _server.Fill(10);
        Directory.CreateDirectory(Kept("tmp"));
        await File.WriteAllTextAsync(Kept("tmp", "leftover"), "half", Token);
        using var room = Room();
        Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure);
        Assert.Empty(Directory.EnumerateFiles(Kept("tmp")));
    }

    [Fact]
    public async Task Prove_DamagedFilesOnDisk_AreReadAgain()
    {
        _server.Fill(300);
        using (var room = Room())
            Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure);
        foreach (var file in Directory.GetFiles(_data, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith("latest", StringComparison.Ordinal)))
        {
            var bytes = await File.ReadAllBytesAsync(file, Token);
            await File.WriteAllBytesAsync(file, bytes[..(bytes.Length / 2)], Token);
        }

        using (var room = Room())
            Assert.True((await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).TryGet(out _, out var failure), failure?.Message);
        Down();
        using (var room = Room())
            Assert.Null((await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure);
    }

    [Theory]
    [InlineData(503, true, 3)]
    [InlineData(429, true, 3)]
    [InlineData(500, true, 3)]
    [InlineData(403, true, 1)]
    [InlineData(404, false, 1)]
    [InlineData(410, false, 1)]
    public async Task Source_Status_IsRetriedWhereItMayPass(int status, bool unavailable, int requests)
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
    public async Task Source_RetryAfterBeyondPatience_IsPassedOn()
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
    public async Task Source_ReasonOfAnAbsence_IsOnePlainLine(string body, string shown)
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
    public async Task Source_RetryAfterIsADate_IsTheTimeUntilThenAndNeverLessThanNone(int ahead, int seconds)
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
    public async Task Source_RedirectElsewhereOrInCircles_IsNotFollowed(string target, int requests, string why)
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
    public async Task Source_SilentServer_IsGivenUpAtItsLimit(bool afterTheFirstByte, int seconds)
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
    public async Task Source_EndlessBody_IsCutOff()
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
    public async Task Source_AnswerBreaksOff_IsTriedAgain()
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
    public async Task Source_ConnectionBreaks_SaysSo()
    {
        Down();
        using var room = Room();
        var failure = (await room.Verifier.ProveAsync(DatabaseServer.Module(7), Token)).Failure;
        Assert.Equal(FailureKind.ChecksumDatabaseUnavailable, failure?.Kind);
        Assert.Contains("could not be reached", failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Source_ConcurrentProofsOfOneModule_AskOnce()
    {
        _server.Fill(20);
        using var room = Room();
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => room.Verifier.ProveAsync(DatabaseServer.Module(7), Token).AsTask()));
        Assert.All(outcomes, outcome => Assert.Null(outcome.Failure));
        Assert.Single(_server.Paths, path => path == DatabaseServer.LookupPath(7));
    }

    private string Kept(params string[] below) => Path.Combine([_data, "sumdb", "sumdb.test%2Fgo", .. below]);

    private void Down() => _server.Instead = static (context, _) =>
    {
        context.Abort();
        return Task.FromResult(true);
    };

    private VerificationRoom Room(Action<VerificationOptions>? change = null, TimeProvider? clock = null, long maxBytes = long.MaxValue)
    {
        VerificationOptions options = new() { SumDb = _server.Setting, RetryDelay = TimeSpan.FromMilliseconds(1) };
        change?.Invoke(options);
        return new VerificationRoom(options, _data, clock ?? TimeProvider.System, maxBytes: maxBytes);
    }
}
