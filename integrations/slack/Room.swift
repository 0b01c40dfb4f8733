// slack
