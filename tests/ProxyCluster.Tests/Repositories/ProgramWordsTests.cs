using ProxyCluster.Outcomes;
using ProxyCluster.Repositories;

namespace ProxyCluster.Tests.Repositories;

/// <summary>What hg and svn say, and what it comes to.</summary>
public sealed class ProgramWordsTests
{
    private const string Commit = "0123456789012345678901234567890123456789";

    // The words of hg 6.3 and svn 1.14.
    [Theory]
    [InlineData("hg", "abort: error: Connection refused\n", "unreachable", FailureKind.UpstreamUnavailable)]
    [InlineData("hg", "abort: error: Name or service not known\n", "unreachable", FailureKind.UpstreamUnavailable)]
    [InlineData("hg", "abort: HTTP Error 404: Not Found\n", "missing", FailureKind.UpstreamUnavailable)]
    [InlineData("hg", "abort: http authorization required for https://hg.test/x\n", "refused", FailureKind.Blocked)]
    [InlineData("hg", "abort: authorization failed\n", "refused", FailureKind.Blocked)]
    [InlineData("hg", "abort: HTTP Error 500: Internal Server Error\n", "", FailureKind.UpstreamUnavailable)]
    [InlineData("hg", "remote: git@hg.test: Permission denied (publickey).\nabort: no suitable response from remote hg\n", "refused", FailureKind.Blocked)]
    [InlineData("hg", "something that nobody knows\n", "", FailureKind.UpstreamUnavailable)]
    [InlineData("svn", "svn: E170013: Unable to connect to a repository at URL 'svn://svn.test/x'\nsvn: E000111: Can't connect to host 'svn.test': Connection refused\n", "unreachable", FailureKind.UpstreamUnavailable)]
    [InlineData("svn", "svn: E170013: Unable to connect to a repository at URL 'https://svn.test/x'\nsvn: E670002: Name or service not known\n", "unreachable", FailureKind.UpstreamUnavailable)]
    [InlineData("svn", "svn: E170013: Unable to connect to a repository at URL 'svn://svn.test/x'\nsvn: E210005: No repository found in 'svn://svn.test/x'\n", "missing", FailureKind.UpstreamUnavailable)]
    [InlineData("svn", "svn: E160013: File not found: revision 3, path '/none'\n", "absent", FailureKind.UpstreamUnavailable)]
    [InlineData("svn", "svn: E160006: No such revision 99\n", "absent", FailureKind.UpstreamUnavailable)]
    [InlineData("svn", "svn: warning: W160013: '/trunk/none' path not found\nsvn: E200009: Could not cat all targets because some targets don't exist\n", "absent", FailureKind.UpstreamUnavailable)]
    [InlineData("svn", "svn: E170001: Authorization failed\n", "refused", FailureKind.Blocked)]
    [InlineData("svn", "svn: E215004: Authentication failed and interactive prompting is disabled\n", "refused", FailureKind.Blocked)]
    [InlineData("svn", "svn: E175002: Unexpected HTTP status 500\n", "", FailureKind.UpstreamUnavailable)]
    public void Words_OfAProgram_ComeToOneThing(string program, string said, string expected, FailureKind kind)
    {
        var words = program == "hg" ? ProgramWords.Mercurial : ProgramWords.Subversion;
        var result = new ProgramResult(1, [], said);

        var means = words.SaysUnreachable(result) ? "unreachable" : words.SaysAbsent(result) ? "absent" : words.RefusalOrNull(result) is not null ? "refused" : words.SaysNotFound(result) ? "missing" : "";

        Assert.Equal((expected, kind), (means, words.FailureOf("https://repository.test/x", result).Kind));
    }

    [Fact]
    public void Names_OfMercurial_AreItsOwn()
    {
        static string Line(int number, char digit, string branch, string more) => $"{number}\0{new string(digit, 40)}\0{branch}\0{more}\n";
        var names = HgNames.Parse(
            Line(3, 'd', "old", "h\01\0\0") + Line(5, 'f', "default", "h\0\0tip\0") + Line(1, 'b', "default", "\0\0v1.0.0\x1sub/v1.1.0\0mark") + Line(2, 'c', "old", "h\0\0\0mark2"));

        Assert.Equal(("tip", new string('f', 40)), (names.Head.Ref, names.Head.Hash));
        Assert.Equal(new string('c', 40), names.Find("old").Hash); // not the head that is closed
        Assert.Equal(("mark", new string('b', 40)), (names.Find("mark").Ref, names.Find("mark").Hash));
        Assert.Equal(["sub/v1.1.0", "v1.0.0"], names.TagsOn(new string('b', 40)));
        Assert.Equal(["v1.0.0"], names.TagsFrom("v"));
        Assert.Equal((Commit, true), (names.Find(Commit).Hash, names.Find(Commit).IsByHash));
        Assert.Equal(default, names.Find("5")); // a number differs from mirror to mirror
        Assert.StartsWith("r1:", names.RepoSumOrNull, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<log><logentry revision=\"3\"><date>2020-09-13T13:26:40.123456Z</date></logentry></log>", 3L)]
    [InlineData("<log></log>", null)]
    public void Change_InALog_IsRead(string printed, long? revision) =>
        Assert.Equal(revision, SvnAnswers.ChangeOrNull(System.Text.Encoding.UTF8.GetBytes(printed))?.Revision);

    [Theory]
    [InlineData("<log><logentry revision=\"x\"><date>2020-09-13T13:26:40Z</date></logentry></log>")]
    [InlineData("<log><logentry revision=\"3\"/></log>")]
    [InlineData("<lists/>")]
    [InlineData("")]
    [InlineData("<!DOCTYPE log [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><log>&a;</log>")]
    public void Log_ThatIsNone_IsRefused(string printed) =>
        Assert.Throws<InvalidDataException>(() => SvnAnswers.ChangeOrNull(System.Text.Encoding.UTF8.GetBytes(printed)));
}
