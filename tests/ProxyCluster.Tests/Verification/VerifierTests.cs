using Microsoft.AspNetCore.Http;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Notes;
using ProxyCluster.Outcomes;
using ProxyCluster.Verification;

namespace ProxyCluster.Tests.Verification;

public sealed class VerifierTests : VerificationTests
{
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
}
